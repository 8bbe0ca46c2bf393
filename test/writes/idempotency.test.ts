import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, listAt } from "../support/gateway/gateway.ts";
import { casesOf } from "../support/run/run-length.ts";
import { race, startRaceTrack, type RaceTrack, type Reply } from "../support/writes/races.ts";
import { aftermath, peace } from "../support/writes/soundness.ts";

let track: RaceTrack;
let account: string;

beforeAll(async () => {
  track = await startRaceTrack({ logLevel: "silent" });
  account = await track.make("Account", { name: "Harbor" });
});
afterAll(() => track.close());

const errorFields = "userErrors { code path message ... on DuplicateError { existingId } }";
const createContact = `mutation ($input: CreateContactInput!) {
  createContact(input: $input) { contact { id version createdAt lastName } ${errorFields} }
}`;

/** Sends a new contact under a key. */
function send(
  idempotencyKey: string,
  lastName: string,
  options: { key?: string; through?: number } = {},
) {
  const variables = { input: { account_id: account, last_name: lastName } };
  return track.send(createContact, { variables, idempotencyKey, ...options });
}

/** How many contacts there are of that name, and that is also how often one was written. */
async function written(lastName: string): Promise<number> {
  const rows = await track.sql("SELECT id FROM contacts WHERE last_name = $1", lastName);
  return rows.length;
}

const codesOf = ({ answer }: Reply): string[] =>
  (answer.errors ?? []).map(({ extensions }) => extensions.code);

/** What the table holds under the tenant's keys. */
const kept = () =>
  track.sql("SELECT k::text AS row FROM idempotency_keys k WHERE tenant_id = $1", track.tenantId);

const expire = () => track.sql("UPDATE idempotency_keys SET expires_at = now() - interval '1 s'");

describe("racing requests under one key", () => {
  it("write once, and are answered alike or told to try again", async () => {
    const key = randomUUID();
    const replies = await race(casesOf(200, 40), (racer) =>
      send(key, "Once", { through: racer % 2 }),
    );
    expect(await written("Once")).toBe(1);
    const good = replies.filter((reply) => codesOf(reply).length === 0);
    const others = replies.filter((reply) => !good.includes(reply));
    expect(new Set(good.map(({ text }) => text)).size).toBe(1);
    expect(new Set(others.flatMap(codesOf))).toEqual(
      new Set(others.length > 0 ? ["CONFLICT"] : []),
    );
    const again = await send(key, "Once", { through: 1 });
    expect(again.text).toBe(good[0]?.text);
    expect(await written("Once")).toBe(1);
    expect(await aftermath(track)).toEqual(peace);
  });

  it("write once also when they are not the same request", async () => {
    const key = randomUUID();
    const replies = await race(casesOf(100, 30), (racer) =>
      send(key, racer % 2 === 0 ? "Either" : "Or", { through: racer % 3 === 0 ? 1 : 0 }),
    );
    expect((await written("Either")) + (await written("Or"))).toBe(1);
    const good = replies.filter((reply) => codesOf(reply).length === 0);
    expect(new Set(good.map(({ text }) => text)).size).toBe(1);
    const codes = new Set(replies.flatMap(codesOf));
    expect(
      [...codes].filter((code) => !["CONFLICT", "IDEMPOTENCY_KEY_REUSED"].includes(code)),
    ).toEqual([]);
    expect(await aftermath(track)).toEqual(peace);
  });
});

describe("a key", () => {
  it("is refused for another request, whatever differs", async () => {
    const key = randomUUID();
    const first = await send(key, "First");
    const second = await send(key, "Second");
    expect(codesOf(second)).toEqual(["IDEMPOTENCY_KEY_REUSED"]);
    expect(second.status).toBe(422);
    const variables = { input: { account_id: account, last_name: "First" } };
    const spelled = `# the same but for this\n${createContact}`;
    const reply = await track.send(spelled, { variables, idempotencyKey: key });
    expect(codesOf(reply)).toEqual(["IDEMPOTENCY_KEY_REUSED"]);
    expect(await written("Second")).toBe(0);
    expect(await written("First")).toBe(1);
    expect((await send(key, "First")).text).toBe(first.text);
  });

  it("does not depend on the order of names in the variables", async () => {
    const idempotencyKey = randomUUID();
    const replies = await Promise.all(
      [
        { account_id: account, last_name: "Order" },
        { last_name: "Order", account_id: account },
      ].map((input) => track.send(createContact, { variables: { input }, idempotencyKey })),
    );
    expect(replies.flatMap(codesOf).filter((code) => code !== "CONFLICT")).toEqual([]);
    expect(await written("Order")).toBe(1);
  });

  it("is each caller's own, within a tenant and between tenants", async () => {
    const idempotencyKey = randomUUID();
    const first = await send(idempotencyKey, "Shared");
    const colleague = await send(idempotencyKey, "Shared", { key: await track.keyFor("racing") });
    expect(codesOf(colleague)).toEqual([]);
    expect(colleague.text).not.toBe(first.text);
    expect(await written("Shared")).toBe(2);
    await track.fixtures.tenant("stranger");
    const stranger = await track.send(createContact, {
      variables: { input: { last_name: "Shared" } },
      idempotencyKey,
      key: await track.keyFor("stranger"),
    });
    expect(codesOf(stranger)).toEqual([]);
    expect(await written("Shared")).toBe(3);
  });

  it("is forgotten when it has expired, and swept away by the next", async () => {
    const key = randomUUID();
    const first = await send(key, "Before");
    await expire();
    const again = await send(key, "Before");
    expect(again.text).not.toBe(first.text);
    expect(await written("Before")).toBe(2);
    await expire();
    expect(codesOf(await send(key, "After"))).toEqual([]);
    expect((await send(key, "After")).text).not.toBe(first.text);
    expect(await written("After")).toBe(1);
    await race(5, (racer) => send(randomUUID(), `Swept ${racer}`));
    await expire();
    await send(randomUUID(), "Sweeper");
    expect(await kept()).toHaveLength(1);
  });

  it("is forgotten when it has expired also by a request that writes nothing", async () => {
    const key = randomUUID();
    await send(key, "Expires");
    await expire();
    const variables = { input: { account_id: account, email: "no email" } };
    const refused = await track.send(createContact, { variables, idempotencyKey: key });
    expect(listAt(refused.answer.data, "createContact", "userErrors")).toHaveLength(1);
    expect((await track.send(createContact, { variables, idempotencyKey: key })).text).toBe(
      refused.text,
    );
    await expire();
    const empty = await track.send("mutation { __typename }", { idempotencyKey: key });
    expect(empty.answer).toEqual({ data: { __typename: "Mutation" } });
    expect(codesOf(await send(key, "Expires"))).toEqual(["IDEMPOTENCY_KEY_REUSED"]);
  });

  it.each([
    ["too long", "x".repeat(256)],
    ["empty", ""],
    ["not ASCII", "clé"],
    ["with a tab", "a\tb"],
    ["with two spaces", "a  b"],
  ])("that is %s is BAD_USER_INPUT, and nothing is written", async (_, key) => {
    const reply = await send(key, "Bad key");
    expect(codesOf(reply)).toEqual(["BAD_USER_INPUT"]);
    expect(reply.status).toBe(400);
    expect(await written("Bad key")).toBe(0);
  });

  it.each([["x".repeat(255)], ["!"], ["a b-c_d/~"]])("can be %s", async (key) => {
    const first = await send(key, `Good key ${key}`);
    expect(codesOf(first)).toEqual([]);
    expect((await send(key, `Good key ${key}`)).text).toBe(first.text);
  });

  it("is nothing to a query", async () => {
    const id = await track.make("Account", { name: "old" });
    const idempotencyKey = randomUUID();
    const before = await kept();
    const ask = () =>
      track.send("query ($id: ID!) { account(id: $id) { name } }", {
        variables: { id },
        idempotencyKey,
      });
    expect((await ask()).answer.data).toEqual({ account: { name: "old" } });
    await track.write("updateAccount", { id, input: { name: "new" } });
    expect((await ask()).answer.data).toEqual({ account: { name: "new" } });
    expect(await kept()).toEqual(before);
  });
});

const two = `mutation ($email: EmailAddress, $account: ID!) {
  a: createContact(input: { email: $email, account_id: $account }) { contact { id } ${errorFields} }
  b: createDeal(input: { name: "Two", account_id: $account }) { deal { id dealNumber } ${errorFields} }
}`;

describe("a request of two mutations under a key", () => {
  const deals = async () => (await track.sql("SELECT id FROM deals WHERE name = 'Two'")).length;

  it("does both once", async () => {
    const options = {
      variables: { email: "two@harbor.example", account },
      idempotencyKey: randomUUID(),
    };
    const first = await track.send(two, options);
    expect(at(first.answer.data, "a", "contact", "id")).toMatch(/^con-/);
    expect(at(first.answer.data, "b", "deal", "id")).toMatch(/^deal-/);
    expect((await track.send(two, options)).text).toBe(first.text);
    expect(await deals()).toBe(1);
  });

  it("does what is left when it is sent again after a failure", async () => {
    const before = await deals();
    await track.sql(
      `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no deals today''; END'`,
    );
    await track.sql(
      "CREATE TRIGGER fail BEFORE INSERT ON deals FOR EACH ROW EXECUTE FUNCTION fail()",
    );
    const options = {
      variables: { email: "left@harbor.example", account },
      idempotencyKey: randomUUID(),
    };
    const failed = await track.send(two, options);
    expect(codesOf(failed)).toEqual(["INTERNAL"]);
    expect(failed.text).not.toContain("no deals today");
    await track.sql("DROP TRIGGER fail ON deals");
    const again = await track.send(two, options);
    expect(codesOf(again)).toEqual([]);
    expect(listAt(again.answer.data, "a", "userErrors")).toEqual([]);
    expect(await deals()).toBe(before + 1);
    const rows = await track.sql("SELECT id FROM contacts WHERE email = 'left@harbor.example'");
    expect(rows.map(({ id }) => `con-${String(id)}`)).toEqual([
      at(again.answer.data, "a", "contact", "id"),
    ]);
    expect((await track.send(two, options)).text).toBe(again.text);
  });

  // The first one waits between its two; what stood in its way is gone when the second one comes.
  it("is refused to two at once alike", async () => {
    const email = "taken@harbor.example";
    const holder = await track.make("Contact", { account_id: account, email });
    const options = { variables: { email, account }, idempotencyKey: randomUUID() };
    const waiting = async () => {
      await track.sql("SELECT pg_stat_clear_snapshot()");
      const rows = await track.sql(
        "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%number_sequences%' AND datname = current_database()",
      );
      return rows.length;
    };
    await track.sql("BEGIN");
    await track.sql("SELECT * FROM number_sequences FOR UPDATE");
    const first = track.send(two, options);
    await expect.poll(waiting).toBe(1);
    await track.write("deleteContact", { id: holder });
    const second = track.send(two, { ...options, through: 1 });
    await expect.poll(waiting).toBe(2);
    await track.sql("COMMIT");
    const replies = await Promise.all([
      first,
      second,
      first.then(() => second).then(() => track.send(two, options)),
    ]);
    const good = replies.filter((reply) => codesOf(reply).length === 0);
    expect(new Set(good.map(({ text }) => text)).size).toBe(1);
    expect(listAt(good[0]?.answer.data, "a", "userErrors")).toHaveLength(1);
    const rows = await track.sql(
      "SELECT id FROM contacts WHERE email = $1 AND deleted_at IS NULL",
      email,
    );
    expect(rows).toEqual([]);
  });
});

describe("the answer that is kept", () => {
  it("is made anew from what was written when the server stopped before it kept it", async () => {
    const key = randomUUID();
    const first = await send(key, "Crash");
    const [updated] = await track.sql(
      "UPDATE idempotency_keys SET response = NULL, status = NULL, completed_at = NULL WHERE completed_at = (SELECT max(completed_at) FROM idempotency_keys) RETURNING outcomes",
    );
    expect(updated).toMatchObject({ outcomes: { createContact: expect.any(String) } });
    const again = await send(key, "Crash", { through: 1 });
    expect(again.text).toBe(first.text);
    expect(await written("Crash")).toBe(1);
    expect((await send(key, "Crash")).text).toBe(first.text);
  });

  it("stays what it was when the record has changed, and when it was a refusal", async () => {
    const [key, refusedKey] = [randomUUID(), randomUUID()];
    const variables = {
      input: { account_id: account, last_name: "Kept", email: "kept@harbor.example" },
    };
    const first = await track.send(createContact, { variables, idempotencyKey: key });
    const refused = await track.send(createContact, { variables, idempotencyKey: refusedKey });
    const id = at(first.answer.data, "createContact", "contact", "id");
    expect(at(refused.answer.data, "createContact", "userErrors", 0, "existingId")).toBe(id);
    await track.write("deleteContact", { id });
    const again = await Promise.all(
      [key, refusedKey].map((idempotencyKey) =>
        track.send(createContact, { variables, idempotencyKey }),
      ),
    );
    expect(again.map(({ text }) => text)).toEqual([first.text, refused.text]);
    expect(await written("Kept")).toBe(1);
  });

  it("holds the secret of a new API key, which the database does not give away", async () => {
    const operation = `mutation { createApiKey(input: { name: "robot", scopes: ["read:*"] }) { secret apiKey { id } ${errorFields} } }`;
    const idempotencyKey = randomUUID();
    const first = await track.send(operation, { idempotencyKey });
    const secret = String(at(first.answer.data, "createApiKey", "secret"));
    expect((await track.send(operation, { idempotencyKey })).text).toBe(first.text);
    const answer = await track.ask(secret, "{ accounts { totalCount } }");
    expect(answer.errors).toBeUndefined();
    const hidden = [secret, secret.split("_").at(-1) ?? "", idempotencyKey];
    const encoded = hidden.flatMap((text) => [
      text,
      Buffer.from(text).toString("base64").slice(0, 24),
      Buffer.from(text).toString("hex"),
    ]);
    let stored = "";
    for (const table of ["idempotency_keys", "api_keys", "change_events"]) {
      const rows = await track.sql(`SELECT t::text AS row FROM ${table} t`);
      stored += rows.map(({ row }) => String(row)).join();
    }
    expect(stored).toContain("robot");
    expect(encoded.filter((text) => stored.includes(text))).toEqual([]);
    const made = await track.sql("SELECT id FROM api_keys WHERE name = 'robot'");
    expect(made).toHaveLength(1);
  });

  it("is none when the operation could not be read, so that the key is free", async () => {
    const key = randomUUID();
    const wrong = await track.send("mutation { createContact { nothing } }", {
      idempotencyKey: key,
    });
    expect(codesOf(wrong).length).toBeGreaterThan(0);
    expect(codesOf(await send(key, "Right"))).toEqual([]);
    expect(await written("Right")).toBe(1);
  });
});
