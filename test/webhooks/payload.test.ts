import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Actor } from "../../src/auth/actor.ts";
import { loadConfig } from "../../src/config.ts";
import { GatewayError } from "../../src/lib/errors.ts";
import { LiveFeed } from "../../src/live/feed.ts";
import type { Listening, LiveEvent } from "../../src/live/listening.ts";
import { readMatching } from "../../src/live/matching.ts";
import { catalog } from "../../src/modules/catalog.ts";
import { openPayloads } from "../../src/webhooks/open-payloads.ts";
import { type Payloads, testBody, type PayloadForm } from "../../src/webhooks/payload.ts";
import { at, listAt } from "../support/gateway/gateway.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";
import { actorOf as actorIn, listeningOf } from "../support/live/actor.ts";
import { schema } from "../support/gateway/schema.ts";
import { RowWriter } from "../support/writes/row-writer.ts";

type Started = Awaited<ReturnType<typeof startTenant>>;
let started: Started;
let feed: LiveFeed;
let close: () => Promise<void>;
let payloads: Payloads;
let deal: string;

/** Payloads of a process that was started with these variables. */
function payloadsOf(env: Readonly<Record<string, string>> = {}): Payloads {
  const { database } = started.gateway;
  const opened = openPayloads({
    schema,
    database,
    config: loadConfig({ LOG_LEVEL: "silent", ...env }),
  });
  const before = close;
  close = async () => {
    await opened.close();
    await before();
  };
  return opened.payloads;
}

beforeAll(async () => {
  started = await startTenant("ours");
  const { gateway, key } = started;
  feed = new LiveFeed({ database: gateway.database, catalog });
  close = () => feed.close();
  payloads = payloadsOf();
  const account_id = await new RowWriter(gateway, key, "accounts").made({ name: "Harbor & Söhne" });
  const deals = new RowWriter(gateway, key, "deals");
  deal = await deals.made({ account_id, name: "Roof", value: "10.50", currency: "EUR" });
  const contacts = new RowWriter(gateway, key, "contacts");
  const contact = await contacts.made({ account_id, last_name: "Harbor" });
  await deals.update([
    { id: deal, value: "99999999.99", name: "Roof “2”", contact_ids: [contact] },
  ]);
  await gateway.data(
    key,
    `mutation {
      createDepartment(input: { name: "Sales" }) { userErrors { message } }
      createApiKey(input: { name: "made", scopes: ["read:deals"] }) { userErrors { message } }
    }`,
  );
});
afterAll(async () => {
  await close();
  await started.gateway.close();
});

const actorOf = (change: Partial<Actor> = {}): Actor => actorIn(started.tenant.uuid, change);

/** The events of the log that an actor gets. */
async function eventsFor(actor: Actor, change: Partial<Listening> = {}): Promise<LiveEvent[]> {
  const source = feed.sourceOf(started.tenant.uuid);
  const options = { after: "0", limit: 500 };
  return [...(await readMatching(source, listeningOf(actor, change), options)).events];
}

async function print(
  form: PayloadForm,
  actor: Actor = actorOf(),
  change: Partial<Listening> = {},
): Promise<unknown[]> {
  const events = await eventsFor(actor, change);
  const bodies = await payloads.print(actor, form, events);
  return bodies.map((body): unknown => JSON.parse(body));
}

const ofDeals = { types: ["Deal"] };
const eventQuery = `query ($id: ID!, $event: ID!) {
  changeEvent(id: $event) { id version changes { field old new } }
  deal(id: $id) { name value currency account { name } contacts(first: 5) { nodes { lastName } } }
}`;
const graphql = (query: string): PayloadForm => ({ kind: "graphql", query });

describe("a thin payload", () => {
  test("has ids, the operation, the version, the names of changed fields and the cursor", async () => {
    const { gateway, key } = started;
    const answer = await gateway.data(
      key,
      `{ changes(types: [Deal], first: 9) { edges { cursor node { id recordId version occurredAt changes { field } } } } }`,
    );
    const expected = listAt(answer, "changes", "edges").map((edge) => ({
      type: at(edge, "node", "version") === 1 ? "deal.created" : "deal.updated",
      timestamp: at(edge, "node", "occurredAt"),
      data: {
        cursor: at(edge, "cursor"),
        event_id: at(edge, "node", "id"),
        record_type: "Deal",
        record_id: at(edge, "node", "recordId"),
        operation: at(edge, "node", "version") === 1 ? "created" : "updated",
        version: at(edge, "node", "version"),
        changed_fields: listAt(edge, "node", "changes").map((change) => at(change, "field")),
      },
    }));
    expect(await print({ kind: "thin" }, actorOf(), ofDeals)).toEqual(expected);
    expect(at(expected, 1, "data", "changed_fields")).toEqual(["name", "value", "contact_ids"]);
  });

  test("of what is followed by a filter says how its place changed", async () => {
    const record = { entity: catalog.entity("deal"), where: { value: { gt: "100" } }, id: null };
    const [body] = await print({ kind: "thin" }, actorOf(), { record });
    expect(body).toMatchObject({ type: "deal.updated", data: { transition: "entered" } });
  });
});

describe("a full payload", () => {
  test("has the record as REST prints it, and what each field was and is", async () => {
    const { rest, gateway, key } = started;
    const [, updated] = await print({ kind: "full" }, actorOf(), ofDeals);
    expect(at(updated, "data", "record")).toEqual(
      (await rest.get(`/api/v1/crm/deals/${deal}`)).body,
    );
    const answer = await gateway.data(
      key,
      `{ changes(types: [Deal], first: 9) { nodes { changes { field old new } } } }`,
    );
    expect(at(updated, "data", "changes")).toEqual(at(answer, "changes", "nodes", 1, "changes"));
  });

  test("is there for every kind of record, without secrets", async () => {
    const events = await eventsFor(actorOf());
    const types = new Set(events.map(({ event }) => event["recordType"]));
    expect(types).toEqual(new Set(["Account", "Deal", "Contact", "Department", "ApiKey"]));
    for (const body of await print({ kind: "full" })) {
      expect(at(body, "data", "record", "id")).toBe(at(body, "data", "record_id"));
      expect(JSON.stringify(body)).not.toMatch(/secret|hash/i);
    }
  });

  test("of a deleted record shows it as deleted", async () => {
    const accounts = new RowWriter(started.gateway, started.key, "accounts");
    await accounts.delete(await accounts.made({ name: "Gone" }));
    const last = (await print({ kind: "full" })).at(-1);
    expect(last).toMatchObject({
      type: "account.deleted",
      data: { record: { name: "Gone", is_deleted: true } },
    });
  });

  test("reads the records of many events by one statement for each kind", async () => {
    const events = await eventsFor(actorOf(), ofDeals);
    const { statements } = started.gateway;
    const many = Array.from({ length: 20 }, () => events).flat();
    statements.clear();
    await payloads.print(actorOf(), { kind: "full" }, many);
    expect(statements.all().filter(({ text }) => text.includes('FROM "deals"'))).toHaveLength(1);
  });
});

describe("a payload by a query", () => {
  test("is what the query answers to the same credential", async () => {
    const { gateway, key } = started;
    const bodies = await print(graphql(eventQuery), actorOf(), ofDeals);
    expect(bodies).toHaveLength(2);
    for (const body of bodies) {
      const event = at(body, "data", "event_id");
      const data = await gateway.data(key, eventQuery, { id: deal, event });
      expect(at(body, "data", "result")).toEqual({ data });
    }
  });

  test("has the event in its variables", async () => {
    const query = `query ($id: ID!, $event: ID!, $type: RecordType!, $operation: ChangeOperation!, $version: Int!, $cursor: String!) {
      node(id: $id) { id } changeEvent(id: $event) { id }
      changes(first: 1, types: [$type], where: { operation: { eq: $operation }, version: { eq: $version } }) { nodes { id } }
      next: changes(first: 1, after: $cursor) { nodes { id } }
    }`;
    const [, body] = await print(graphql(query), actorOf(), ofDeals);
    const event = at(body, "data", "event_id");
    expect(at(body, "data", "result", "data")).toMatchObject({
      node: { id: deal },
      changeEvent: { id: event },
      changes: { nodes: [{ id: event }] },
    });
  });

  test("draws on the points of the credential's minute, and can be tried again", async () => {
    const hurried = payloadsOf({ POINTS_PER_MINUTE: "5" });
    const events = await eventsFor(actorOf(), ofDeals);
    const form = graphql("query ($id: ID!) { deal(id: $id) { name } }");
    const actor = actorOf({ id: "busy" });
    expect(await hurried.print(actor, form, events)).toHaveLength(2);
    const codes: unknown[] = [];
    for (let time = 0; time < 5; time += 1) {
      await hurried.print(actor, form, events).catch((error: unknown) => {
        codes.push(error instanceof GatewayError ? error.code : error);
      });
    }
    expect(new Set(codes)).toEqual(new Set(["RATE_LIMITED"]));
  });

  test("tells the codes of what it may not read any more", async () => {
    const actor = actorOf({ scopes: ["read:deals"] });
    const [body] = await print(graphql(eventQuery), actor, ofDeals);
    expect(at(body, "data", "result", "errors", 0, "extensions")).toMatchObject({
      code: "FORBIDDEN",
      missingScopes: expect.arrayContaining(["read:accounts", "read:contacts"]),
    });
    expect(JSON.stringify(body)).not.toContain("Harbor");
  });

  test.each([
    ["no GraphQL", "query {", "BAD_USER_INPUT", "Syntax Error"],
    ["an unknown field", "{ nothing }", "BAD_USER_INPUT", 'Cannot query field "nothing"'],
    [
      "two operations",
      "query a { __typename } query b { __typename }",
      "BAD_USER_INPUT",
      "one operation",
    ],
    [
      "a mutation",
      "mutation { deleteDeal(id: 1) { __typename } }",
      "BAD_USER_INPUT",
      "must be a query",
    ],
    [
      "a variable that no event has",
      "query ($x: ID!) { node(id: $x) { id } }",
      "BAD_USER_INPUT",
      '"$x"',
    ],
    [
      "a variable of another type",
      "query ($id: Int!) { a: __typename @skip(if: false) b: deals(first: $id) { totalCount } }",
      "BAD_USER_INPUT",
      '"$id"',
    ],
    [
      "too much",
      "{ accounts(first: 100) { nodes { deals(first: 100) { nodes { contacts(first: 100) { nodes { id } } } } } } }",
      "QUERY_TOO_COMPLEX",
      "1,0",
    ],
    [
      "a document that is too long",
      `{ ${"deals { totalCount } ".repeat(20_000)} }`,
      "QUERY_TOO_COMPLEX",
      "bytes",
    ],
  ])("cannot be stored with %s", (_name, query, code, said) => {
    const thrown = refusalOf(() => payloads.check(graphql(query), actorOf(), ["payload", "query"]));
    expect(thrown).toMatchObject({
      message: expect.stringContaining(said),
      refusal: { code, path: ["payload", "query"] },
    });
  });

  test("cannot be stored by who may not read what it asks for", () => {
    const actor = actorOf({ scopes: ["read:deals"] });
    const thrown = refusalOf(() => payloads.check(graphql(eventQuery), actor, ["payload"]));
    expect(thrown).toMatchObject({ refusal: { code: "FORBIDDEN" } });
  });

  test("cannot ask for the schema in production, nor guess at names", () => {
    const closed = payloadsOf({ NODE_ENV: "production" });
    const check = (query: string) => () => closed.check(graphql(query), actorOf(), ["query"]);
    expect(check("{ __schema { types { name } } }")).toThrow(/introspection/i);
    const { message } = refusalOf(check("{ dealz { totalCount } }"));
    expect(message).toMatch(/Cannot query field "dealz"/);
    expect(message).not.toMatch(/Did you mean/);
  });

  test("is kept if it is good", () => {
    expect(() => payloads.check(graphql(eventQuery), actorOf(), [])).not.toThrow();
    expect(() => payloads.check({ kind: "thin" }, actorOf(), [])).not.toThrow();
  });
});

/** A key that was issued for an application. */
async function keyOf(app: string): Promise<string> {
  const data = await started.gateway.data(
    started.key,
    `mutation ($app: String!) { createApiKey(input: { name: $app, scopes: ["*"], app_id: $app }) { secret } }`,
    { app },
  );
  return String(at(data, "createApiKey", "secret"));
}

describe("what a credential may not see", () => {
  test("is in none of its payloads: records and links of another application", async () => {
    const [ours, theirs] = [await keyOf("app-1"), await keyOf("app-2")];
    const { gateway, key } = started;
    const account_id = await new RowWriter(gateway, ours, "accounts").made({ name: "Visible" });
    const other = await new RowWriter(gateway, theirs, "accounts").made({ name: "Secret" });
    const contacts = new RowWriter(gateway, theirs, "contacts");
    const secret = await contacts.made({ account_id: other, last_name: "Secret" });
    const own = await new RowWriter(gateway, ours, "deals").made({ account_id, name: "Own deal" });
    await new RowWriter(gateway, theirs, "deals").made({ account_id: other, name: "Secret deal" });
    await new RowWriter(gateway, key, "deals").update([{ id: own, contact_ids: [secret] }]);
    const actor = actorOf({ appId: "app-1" });
    const forms: PayloadForm[] = [{ kind: "thin" }, { kind: "full" }, graphql(eventQuery)];
    for (const form of forms) {
      const bodies = await print(form, actor, ofDeals);
      expect(bodies.length).toBeGreaterThan(0);
      const text = JSON.stringify(bodies);
      expect(text).toContain(own);
      expect(text).not.toContain("Secret");
      expect(text).not.toContain(secret);
    }
  });

  test("is not told by the record of an event that was sent to it before", async () => {
    const { gateway } = started;
    const key = await keyOf("app-3");
    const account_id = await new RowWriter(gateway, key, "accounts").made({ name: "Moving" });
    const id = await new RowWriter(gateway, key, "deals").made({ account_id, name: "Leaves" });
    const actor = actorOf({ appId: "app-3" });
    const events = await eventsFor(actor, ofDeals);
    await gateway.fixtures.client.query("UPDATE deals SET app_id = 'app-4' WHERE name = 'Leaves'");
    const [body] = await payloads.print(actor, { kind: "full" }, events);
    const told: unknown = JSON.parse(body ?? "");
    expect(told).toMatchObject({ data: { record_id: id, record: null } });
  });

  test("is no record whose scope it lacks", async () => {
    const events = await eventsFor(actorOf(), { types: ["Quote", "Deal"] });
    const actor = actorOf({ scopes: ["read:quotes"] });
    const bodies = await payloads.print(actor, { kind: "full" }, events);
    expect(bodies.map((body): unknown => at(JSON.parse(body), "data", "record"))).toEqual(
      events.map(() => null),
    );
  });
});

test("a test message has the form of any other", () => {
  const body: unknown = JSON.parse(testBody("whk-1", new Date("2026-11-29T07:00:00Z")));
  expect(body).toEqual({
    type: "webhook.test",
    timestamp: "2026-11-29T07:00:00.000Z",
    data: { webhook_id: "whk-1" },
  });
});

function refusalOf(run: () => void): GatewayError {
  try {
    run();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
