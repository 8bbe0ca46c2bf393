import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { post } from "../support/gateway/limits.ts";
import { restClient } from "../support/rest/client.ts";

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  // Comparing answers of this size takes several times as long as answering.
  gateway = await startGateway({ logLevel: "silent", compare: false });
  const tenant = await gateway.fixtures.tenant("large");
  const account = await tenant.account({ name: "Large" });
  for (let count = 0; count < 20; count += 1) {
    await tenant.activity(account, {
      description: "x".repeat(99_000),
      customFields: { notes: "y".repeat(60_000) },
    });
  }
  key = await gateway.keyFor("large");
});
afterAll(() => gateway.close());

const texts = (field: string, times: number): string =>
  `{ activities(first: 20) { nodes { ${Array.from({ length: times }, (_, index) => `a${index}: ${field}`).join(" ")} } } }`;
const ask = (query: string) => post(gateway.url, key, { body: JSON.stringify({ query }) });

it.each([
  ["description", 7, 9],
  ["customFields", 12, 14],
])("an answer of so many texts (%s) that they fill memory is refused", async (field, fits, not) => {
  const read = await ask(texts(field, fits));
  expect(read.status).toBe(200);
  expect(read.answer).not.toHaveProperty("errors");
  const refused = await ask(texts(field, not));
  expect(refused.answer).not.toHaveProperty("data");
  expect(at(refused.answer, "errors", 0, "extensions", "code")).toBe("QUERY_TOO_COMPLEX");
  expect(at(refused.answer, "errors", 0, "message")).toMatch(/16,000,000 bytes/);
});

it("records that exceed their share of an answer are read if all of them fit", async () => {
  // Two texts of 99,000 characters, in a page that may have 100 records.
  const query =
    "{ activities(first: 100) { edges { node { a: description b: description } } } __typename }";
  // A new document, and a known one.
  for (let turn = 0; turn < 2; turn += 1) {
    gateway.statements.clear();
    const { answer } = await ask(query);
    expect(at(answer, "data", "activities", "edges")).toHaveLength(20);
    const sent = gateway.statements.all().filter(({ text }) => text.startsWith("SELECT (SELECT"));
    expect(sent.map(({ text }) => text.includes("OVER (ROWS"))).toEqual([false, true]);
  }
});

it("input that would take long to read is refused before it is", async () => {
  const query =
    "query ($w: DealFilter) { deals(where: $w) @skip(if: true) { totalCount } __typename }";
  const many = { and: Array.from({ length: 20_001 }, () => ({})) };
  const whole = await post(gateway.url, key, {
    body: JSON.stringify({ query, variables: { w: many } }),
  });
  expect(whole.status).toBe(400);
  expect(at(whole.answer, "errors", 0, "message")).toMatch(/20,000 objects/);
});

it("branches of a filter count as its conditions, though they say nothing", async () => {
  const branches = (count: number) => ({ and: Array.from({ length: count }, () => ({})) });
  const query = "query ($w: DealFilter) { deals(where: $w) { totalCount } }";
  const send = (count: number) =>
    post(gateway.url, key, { body: JSON.stringify({ query, variables: { w: branches(count) } }) });
  expect((await send(900)).answer).not.toHaveProperty("errors");
  expect(at((await send(1_000)).answer, "errors", 0, "extensions", "code")).toBe(
    "QUERY_TOO_COMPLEX",
  );
});

describe("bytes are counted as they are sent", () => {
  const rest = () => restClient(gateway, { "x-api-key": key });
  let escapes: string;
  beforeAll(async () => {
    const tenant = await gateway.fixtures.tenant("escapes");
    const account = await tenant.account({ name: "Escapes" });
    // Each of these characters is an escape of six bytes.
    const description = "\u0001".repeat(99_000);
    const first = await tenant.activity(account, { description });
    await gateway.fixtures.client.query(
      `INSERT INTO activities (tenant_id, id, account_id, type, occurred_at, description)
       SELECT tenant_id, gen_random_uuid(), account_id, type, occurred_at, description
       FROM activities, generate_series(1, 399) WHERE id = $1`,
      [first.uuid],
    );
    escapes = await gateway.keyFor("escapes");
  });

  const tooLong = async (query: string, itsKey: string): Promise<string> => {
    const { status, answer } = await post(gateway.url, itsKey, {
      query,
      headers: { accept: "application/graphql-response+json" },
    });
    expect(status).toBe(400);
    expect(answer).not.toHaveProperty("data");
    expect(at(answer, "errors")).toHaveLength(1);
    expect(at(answer, "errors", 0, "extensions", "code")).toBe("QUERY_TOO_COMPLEX");
    return String(at(answer, "errors", 0, "message"));
  };

  it("escapes, over GraphQL and REST", async () => {
    const query = (count: number) => `{ activities(first: ${count}) { nodes { description } } }`;
    expect(at(await gateway.data(escapes, query(26)), "activities", "nodes")).toHaveLength(26);
    expect(await tooLong(query(27), escapes)).toMatch(/16,000,000 bytes/);
    const list = (count: number) =>
      restClient(gateway, { "x-api-key": escapes }).get(`/api/v1/crm/activities?limit=${count}`);
    // The documented twins `description` and `notes` have it both.
    expect((await list(13)).status).toBe(200);
    const { status, text } = await list(14);
    expect(status).toBe(400);
    expect(text).toMatch(/16,000,000 bytes/);
    expect((await rest().get("/api/v1/crm/activities?limit=20")).status).toBe(200);
  });

  it("names, numbers, booleans and nulls", async () => {
    const named = (index: number) => `a${String(index).padStart(99, "_")}`;
    const fields = ["version", "isDeleted", "subject", "type"];
    const values = Array.from(
      { length: 96 },
      (_, index) => `${named(index)}: ${fields[index % fields.length]}`,
    ).join(" ");
    const around = (inner: string) =>
      `{ activities(first: 18) { nodes { account { activities(first: 100) { nodes { ${inner} } } } } } }`;
    await gateway.data(escapes, around("id"));
    expect(await tooLong(around(values), escapes)).toMatch(/16,000,000 bytes/);
  });

  it("what is read for them, in one statement", async () => {
    const tenant = await gateway.fixtures.tenant("reading");
    const { client } = gateway.fixtures;
    for (let count = 0; count < 4; count += 1) {
      const account = await tenant.account({ name: "Reading" });
      await client.query(
        `INSERT INTO activities (tenant_id, id, account_id, type, occurred_at, description)
         SELECT $1, gen_random_uuid(), $2, 'call', now(), repeat('x', 99000) FROM generate_series(1, 99)`,
        [tenant.uuid, account.uuid],
      );
    }
    const reading = await gateway.keyFor("reading");
    const query =
      "{ accounts(first: 4) { nodes { activities(first: 99) { nodes { description } } } } }";
    expect(await tooLong(query, reading)).toMatch(/16,000,000 bytes/);
  });
});
