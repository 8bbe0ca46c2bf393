// GraphQL without a library: node examples/paging/fetch.mjs, with BASE_URL and API_KEY in the environment.
const { BASE_URL = "http://127.0.0.1:4000", API_KEY } = process.env;

const query = `query ($after: String) {
  accounts(first: 100, after: $after) { nodes { id name } pageInfo { hasNextPage endCursor } }
}`;

/** All accounts, page by page. */
async function* accounts() {
  let after = null;
  do {
    const response = await fetch(`${BASE_URL}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": API_KEY },
      body: JSON.stringify({ query, variables: { after } }),
    });
    const { data, errors } = await response.json();
    if (errors !== undefined) throw new Error(errors[0].message);
    const { nodes, pageInfo } = data.accounts;
    yield* nodes;
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after !== null);
}

for await (const { name } of accounts()) console.log(name);
