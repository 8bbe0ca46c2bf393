import { readFile, rename, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "graphql-sse";

const { BASE_URL = "http://127.0.0.1:4000", API_KEY, COPY = "copy.json" } = process.env;
const url = `${BASE_URL}/graphql`;
const headers = { "content-type": "application/json", "x-api-key": API_KEY };

/** What is copied of each kind of record: its list, and its fields. The version says which of two states is newer. */
const kinds = {
  Account: { list: "accounts", fields: "id version deletedAt name" },
  Contact: { list: "contacts", fields: "id version deletedAt lastName account { id }" },
  Deal: { list: "deals", fields: "id version deletedAt name stage value account { id }" },
};
const types = Object.keys(kinds);
const record = `kind: __typename ${types.map((type) => `... on ${type} { ${kinds[type].fields} }`).join(" ")}`;

/** The copy: records by id, and the place in the log up to which they are complete. */
const copy = await readFile(COPY, "utf8").then(JSON.parse, () => ({ cursor: null, records: null }));

/** Records and cursor are kept together: in a database by one transaction, here by one file that replaces another. */
async function save() {
  await writeFile(`${COPY}.new`, JSON.stringify(copy));
  await rename(`${COPY}.new`, COPY);
}

async function ask(query, variables = {}) {
  const body = JSON.stringify({ query, variables });
  const response = await fetch(url, { method: "POST", headers, body });
  const { data, errors } = await response.json();
  if (errors !== undefined) throw new Error(errors[0].message);
  return data;
}

/** Keeps the newer state. An event can tell of a state that was read already. */
function put(state, records = copy.records) {
  if (state === null || !types.includes(state.kind)) return;
  const known = records[state.id];
  if (known !== undefined && known.version > state.version) return;
  // A deleted record stays with its version, so that an older state does not bring it back.
  records[state.id] = state.deletedAt === null ? state : { version: state.version };
}

/** Reads: first the end of the log, then all lists. What changes meanwhile stands behind that end. */
async function readAll() {
  const { changes } = await ask("{ changes(last: 1) { pageInfo { endCursor } } }");
  const records = {};
  for (const { list, fields } of Object.values(kinds)) {
    let after = null;
    do {
      const { page } = await ask(
        `query ($after: String) { page: ${list}(first: 100, after: $after) { nodes { kind: __typename ${fields} } pageInfo { hasNextPage endCursor } } }`,
        { after },
      );
      for (const state of page.nodes) put(state, records);
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after !== null);
  }
  // All of it or nothing: what is half read when something fails is read again.
  Object.assign(copy, { cursor: changes.pageInfo.endCursor, records });
  await save();
}

/** Follows: every change behind the cursor, those that were missed first. */
async function follow() {
  const client = createClient({ url, headers: { "x-api-key": API_KEY }, retryAttempts: 0 });
  // Without a cursor a stream would begin now: of an empty log, the list is read to its first event.
  while (copy.cursor === null) {
    await catchUp();
    if (copy.cursor === null) await sleep(1_000);
  }
  const query = `subscription ($after: String!) { changes(after: $after, types: [${types.join()}]) { cursor node { record { ${record} } } } }`;
  for await (const { data, errors } of client.iterate({
    query,
    variables: { after: copy.cursor },
  })) {
    if (errors !== undefined) throw Object.assign(new Error(errors[0].message), errors[0]);
    put(data.changes.node.record);
    copy.cursor = data.changes.cursor;
    await save();
  }
}

/** The same without a stream, for a webhook or a timer that says there is something: page by page to the log's end. */
export async function catchUp() {
  for (let goesOn = true; goesOn;) {
    const { changes } = await ask(
      `query ($after: String) { changes(first: 100, after: $after, types: [${types.join()}]) { nodes { record { ${record} } } pageInfo { hasNextPage endCursor } } }`,
      { after: copy.cursor },
    );
    for (const event of changes.nodes) put(event.record);
    copy.cursor = changes.pageInfo.endCursor ?? copy.cursor;
    goesOn = changes.pageInfo.hasNextPage;
    await save();
  }
}

for (;;) {
  try {
    if (copy.records === null) await readAll();
    await follow();
  } catch (error) {
    // The log is no longer kept back to our cursor: read all again.
    if (error.extensions?.code === "CURSOR_EXPIRED") copy.records = null;
    console.error(error.message);
  }
  await sleep(1_000);
}
