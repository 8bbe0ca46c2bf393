import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { restClient, type RestClient } from "../support/rest/client.ts";
import {
  companyRows,
  detailRows,
  orderRows,
  personRows,
  type SampleRow,
} from "../support/samples/sample-data.ts";
import { RowWriter } from "../support/writes/row-writer.ts";

let gateway: TestGateway;
const keys: Record<"rest" | "graphql", string> = { rest: "", graphql: "" };
let rest: RestClient;

beforeAll(async () => {
  gateway = await startGateway();
  for (const way of ["rest", "graphql"] as const) {
    await gateway.fixtures.tenant(way);
    keys[way] = await gateway.keyFor(way);
  }
  rest = restClient(gateway, { "x-api-key": keys.rest });
});
afterAll(() => gateway.close());

/** What became of a row: its id, or what was said against which path. */
type Fate = { readonly id: string | null; readonly refused: readonly string[] };

const crm = "/api/v1/crm";

/** Sends rows one by one over REST, a few at once. */
async function sendByRest(path: string, rows: readonly SampleRow[]): Promise<Fate[]> {
  const fates: Fate[] = [];
  for (let start = 0; start < rows.length; start += 10) {
    const answers = await Promise.all(
      rows.slice(start, start + 10).map(({ input }) => rest.post(`${crm}/${path}`, input)),
    );
    fates.push(
      ...answers.map(({ status, body }) =>
        status === 201
          ? { id: String(at(body, "id")), refused: [] }
          : { id: null, refused: listAt(body, "issues").map((issue) => String(at(issue, "path"))) },
      ),
    );
  }
  return fates;
}

/** What GraphQL itself takes no blank text for: whole numbers, flags and enums, whose blanks are null. */
const typed = ["account_type", "employee_count", "is_primary", "opted_in", "status"];

/** Sends all rows in one mutation. */
async function sendByGraphql(one: string, rows: readonly SampleRow[]): Promise<Fate[]> {
  const inputs = rows.map(({ input }) =>
    Object.fromEntries(
      Object.entries(input).map(([key, value]) => [
        key,
        typed.includes(key) && typeof value === "string" && value.trim() === "" ? null : value,
      ]),
    ),
  );
  const outcomes = await new RowWriter(gateway, keys.graphql, `${one}s`).create(inputs, "continue");
  return outcomes.map(({ id, problems }) => ({
    id,
    refused: problems.map((problem) => problem.replace(/^BAD_USER_INPUT /, "")),
  }));
}

/** All records of a kind, by id, as the CRM API shows them. */
async function readBack(path: string, key: string): Promise<Map<string, unknown>> {
  const client = restClient(gateway, { "x-api-key": key });
  const records = new Map<string, unknown>();
  let cursor: string | null = null;
  do {
    const after = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const { body } = await client.get(`${crm}/${path}?limit=100${after}`);
    for (const record of listAt(body, "data")) records.set(String(at(record, "id")), record);
    const next = at(body, "pagination", "next_cursor");
    cursor = typeof next === "string" ? next : null;
  } while (cursor !== null);
  return records;
}

type Way = keyof typeof keys;

/** Sheets in the order in which they are sent; later ones name accounts of the first. */
const sheets = [
  ["companies", "account", "accounts", () => companyRows(100)],
  ["people", "contact", "contacts", () => personRows(150)],
  ["orders", "deal", "deals", (accounts: readonly string[]) => orderRows(100, accounts)],
  ["order details", "quote", "quotes", (accounts: readonly string[]) => detailRows(100, accounts)],
] as const;

describe.each<Way>(["rest", "graphql"])("sample files that are sent over %s", (way) => {
  const accounts: string[] = [];

  it.each(sheets)(
    "%s: what cannot be meant is refused for what it is, all else reads back as it was sent",
    async (_name, one, path, make) => {
      const rows = make(accounts);
      const fates = await (way === "rest" ? sendByRest(path, rows) : sendByGraphql(one, rows));
      expect(fates.map(({ refused }) => refused.toSorted())).toEqual(
        rows.map(({ refused }) => refused.toSorted()),
      );
      const records = await readBack(path, keys[way]);
      const ids = fates.flatMap(({ id }) => id ?? []);
      const good = rows.filter(({ refused }) => refused.length === 0);
      expect(good.length).toBeLessThan(rows.length);
      expect(ids.map((id) => records.get(id))).toMatchObject(good.map(({ reads }) => reads));
      if (one === "account") accounts.push(...ids);
    },
  );
});

it("a row that comes twice is taken once", async () => {
  const [company] = companyRows(100).filter(
    ({ reads, refused }) => refused.length === 0 && reads["email"] !== null,
  );
  const again = await rest.post(`${crm}/accounts`, {
    ...company?.input,
    email: String(company?.reads["email"]).toUpperCase(),
  });
  expect([again.status, at(again.body, "field")]).toEqual([409, "email"]);
  const [first] = await readBack("accounts", keys.rest);
  const order = { account_id: first?.[0], deal_number: "ORDER-10248" };
  const twice = [await rest.post(`${crm}/deals`, order), await rest.post(`${crm}/deals`, order)];
  expect(twice.at(-1)?.status).toBe(409);
});
