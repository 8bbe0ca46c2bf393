// urql 5: node examples/paging/urql.mjs, with BASE_URL and API_KEY in the environment.
import { Client, fetchExchange, gql } from "urql";

const { BASE_URL = "http://127.0.0.1:4000", API_KEY } = process.env;
const client = new Client({
  url: `${BASE_URL}/graphql`,
  exchanges: [fetchExchange],
  fetchOptions: { headers: { "x-api-key": API_KEY } },
  preferGetMethod: false,
});

const query = gql`
  query ($after: String) {
    accounts(first: 100, after: $after) {
      nodes {
        id
        name
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`;

let after = null;
do {
  const { data, error } = await client.query(query, { after });
  if (error) throw error;
  const { nodes, pageInfo } = data.accounts;
  for (const { name } of nodes) console.log(name);
  after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
} while (after !== null);
