// Points 4 to 6: what could take PostgreSQL's time.
import type { Attack, Place } from "./attack.ts";
import { attackWith, Client, crm, graphql, pause, type Got } from "./client.ts";

const createAccount = 'mutation { createAccount(input: { name: "Empty" }) { account { id } } }';
const deleteAccount =
  "mutation ($id: ID!) { deleteAccount(id: $id) { account { id } userErrors { code } } }";

const freshTenant: Attack = {
  point: 4,
  name: "a tenant without statistics",
  tenant: "fresh",
  run: async (place) => {
    const key = place.keys[0] ?? "";
    const client = new Client(place);
    const told = async (label: string, query: string, variables = {}): Promise<Got> => {
      const got = await client.send(graphql(key, query, variables));
      if (got.outcome !== "given up") {
        place.tally.add(`${label}: ${got.outcome}`, got.milliseconds, got.bytes);
      }
      return got;
    };
    const edges = [
      "deals(first: 5, where: { account: { contacts: { some: { version: { gte: 1 } } } } })",
      "contacts(first: 5, where: { account: { deals: { some: { version: { gte: 1 } } } } })",
      "accounts(first: 5, where: { deals: { none: { contacts: { some: { version: { gte: 1 } } } } } })",
      "activities(first: 5, where: { deal: { account: { activities: { some: { version: { gte: 1 } } } } } })",
    ];
    for (let turn = 0; !place.signal.aborted; turn += 1) {
      const made = await told("create", createAccount);
      const id = /acc-[\da-f-]+/.exec(made.text)?.[0];
      if (id !== undefined) await told("delete of an empty account", deleteAccount, { id });
      const list = edges[turn % edges.length] ?? "";
      await told(list.split("(")[0] ?? "", `{ ${list} { totalCount nodes { id } } }`);
      await pause(200, place.signal);
    }
  },
};

const longTexts: Attack = {
  point: 5,
  name: "filter texts of 10,000 characters",
  tenant: "big",
  run: (place) => {
    // Nearly each three letters of it are others.
    let state = 1;
    const text = Array.from({ length: 10_000 }, () => {
      state = (state * 48_271) % 2_147_483_647;
      return (state % 36).toString(36);
    }).join("");
    const key = place.keys[0] ?? "";
    const operators = ["contains", "startsWith", "endsWith", "eq"];
    return attackWith(place, 2, (turn) => {
      const operator = operators[turn % operators.length] ?? "";
      if (turn % 10 === 0) {
        return { label: "REST", path: `${crm}/activities?description[contains]=${text}`, key };
      }
      const query = `query ($text: String!) { activities(first: 1, where: { subject: { ${operator}: $text } }) { totalCount nodes { id } } }`;
      return { label: operator, ...graphql(key, query, { text }) };
    });
  },
};

const aliasedSearches: Attack = {
  point: 6,
  name: "100 aliases of a search",
  tenant: "big",
  run: (place) => {
    const lists = ["accounts", "contacts", "deals", "activities", "quotes"];
    const queries = [0, 1].map((kind) => {
      const aliases = Array.from({ length: 100 }, (_, index) =>
        kind === 0
          ? `a${index}: ${lists[index % lists.length] ?? ""}(search: "ha or ma", first: 1) { nodes { id } }`
          : `a${index}: search(query: "har", first: 1) { nodes { __typename } }`,
      );
      return `{ ${aliases.join(" ")} }`;
    });
    return attackWith(
      place,
      1,
      (turn) => graphql(place.keys[0] ?? "", queries[turn % 2] ?? ""),
      (got) => watchLeftovers(place, got),
    );
  },
};

/** How long statements of the attacker's tenant run on after a failed answer; the caller's are shorter than a look. */
async function watchLeftovers({ database, tally, signal }: Place, { outcome }: Got): Promise<void> {
  if (outcome.startsWith("200") && !outcome.includes(" ")) return;
  const began = performance.now();
  const running = `SELECT count(*)::int AS count FROM pg_stat_activity
    WHERE state = 'active' AND pid <> pg_backend_pid() AND query_start < now() - interval '100 ms' AND query ILIKE '%search%'`;
  while (!signal.aborted && performance.now() < began + 10_000) {
    const count = await database.asOwner(async (client) => {
      const { rows } = await client.query<{ count: number }>(running);
      return rows[0]?.count ?? 0;
    });
    if (count === 0) break;
    await pause(50, signal);
  }
  tally.add("statements after a failed answer ran on", performance.now() - began);
}

export const statementAttacks: readonly Attack[] = [freshTenant, longTexts, aliasedSearches];
