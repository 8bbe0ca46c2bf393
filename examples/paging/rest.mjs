// The CRM API over REST: node examples/paging/rest.mjs, with BASE_URL and API_KEY in the environment.
const { BASE_URL = "http://127.0.0.1:4000", API_KEY } = process.env;

let cursor = null;
do {
  const url = new URL("/api/v1/crm/accounts?limit=100", BASE_URL);
  if (cursor !== null) url.searchParams.set("cursor", cursor);
  const response = await fetch(url, { headers: { "x-api-key": API_KEY } });
  const { data, pagination, error } = await response.json();
  if (!response.ok) throw new Error(error);
  for (const { name } of data) console.log(name);
  cursor = pagination.next_cursor;
} while (cursor !== null);
