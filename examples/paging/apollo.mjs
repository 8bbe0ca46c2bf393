// Apollo Client 4: node examples/paging/apollo.mjs, with BASE_URL and API_KEY in the environment.
import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { relayStylePagination } from "@apollo/client/utilities";

const { BASE_URL = "http://127.0.0.1:4000", API_KEY } = process.env;
const client = new ApolloClient({
  link: new HttpLink({ uri: `${BASE_URL}/graphql`, headers: { "x-api-key": API_KEY } }),
  // The pages of a list become one list in the cache. It is another list with other arguments than these.
  cache: new InMemoryCache({
    typePolicies: {
      Query: {
        fields: {
          accounts: relayStylePagination(["where", "orderBy", "search", "includeDeleted"]),
        },
      },
    },
  }),
});

// `edges`, not `nodes`: relayStylePagination joins the edges of the pages.
const query = gql`
  query ($after: String) {
    accounts(first: 100, after: $after) {
      edges {
        cursor
        node {
          id
          name
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`;

let { pageInfo } = (await client.query({ query })).data.accounts;
// A page shows the list from now on; here nobody looks at it.
const list = client.watchQuery({ query });
const watching = list.subscribe(() => {});
while (pageInfo.hasNextPage) {
  const { data } = await list.fetchMore({ variables: { after: pageInfo.endCursor } });
  ({ pageInfo } = data.accounts);
}
for (const { node } of client.readQuery({ query }).accounts.edges) console.log(node.name);
watching.unsubscribe();
