import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at } from "../support/gateway/gateway.ts";
import { startRaceTrack, type RaceTrack } from "../support/writes/races.ts";
import { restClient, type RestAnswer, type RestClient } from "../support/rest/client.ts";

let track: RaceTrack;
let rest: RestClient;
/** The same through another gateway on the same database. */
let elsewhere: RestClient;
let headers: Readonly<Record<string, string>>;

beforeAll(async () => {
  track = await startRaceTrack();
  headers = { "x-api-key": track.key, "x-organization-id": track.tenantId };
  rest = restClient(track, headers);
  elsewhere = restClient({ url: track.urls[1] }, headers);
});
afterAll(() => track.close());

const under = (key: string) => ({ "idempotency-key": key });
const accounts = "/api/v1/crm/accounts";

/** All that a client can see of an answer, but for what is said of the request itself. */
function seen({ status, text, headers: told }: RestAnswer) {
  const names = ["content-type", "location", "etag"];
  return { status, text, ...Object.fromEntries(names.map((name) => [name, told.get(name)])) };
}

const events = async (): Promise<number> => {
  const [row] = await track.sql("SELECT count(*)::integer AS count FROM change_events");
  return Number(row?.["count"]);
};

async function account(values: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const answer = await rest.post(accounts, { name: "Harbor", ...values });
  expect(answer.status, answer.text).toBe(201);
  return `${accounts}/${String(at(answer.body, "id"))}`;
}

describe("a write that is sent again under its Idempotency-Key", () => {
  const customer = (email: string) => ({
    account_type: "business",
    company_name: "Harbor",
    email,
    phone: "1",
  });
  const writes: Readonly<
    Record<string, (client: RestClient, key: string, path: string) => Promise<RestAnswer>>
  > = {
    "POST, 201": (client, key) => client.post(accounts, { name: "Once" }, under(key)),
    "POST of the customers API, 201": (client, key) =>
      client.post("/api/public/v1/customers", customer(`${key}@once.example`), under(key)),
    "POST of the integration API, 201": (client, key) =>
      client.post("/v1/customer", { last_name: "Once" }, under(key)),
    "PATCH, 200": (client, key, path) => client.patch(path, { name: "Twice" }, under(key)),
    "PATCH with If-Match, 200": (client, key, path) =>
      client.patch(path, { name: "Twice" }, { ...under(key), "if-match": '"1"' }),
    "DELETE, 200": (client, key, path) => client.delete(path, under(key)),
    "POST, 400": (client, key) => client.post(accounts, { nmae: "x" }, under(key)),
    "POST of the customers API, 400": (client, key) =>
      client.post("/api/public/v1/customers", { email: "x" }, under(key)),
    "PATCH, 404": (client, key) =>
      client.patch(`${accounts}/acc-0190aaaa-0000-7000-8000-000000000000`, {}, under(key)),
    "PATCH with a stale version, 409": (client, key, path) =>
      client.patch(path, { version: 9 }, under(key)),
    "PATCH with a stale If-Match, 412": (client, key, path) =>
      client.patch(path, {}, { ...under(key), "if-match": '"9"' }),
  };

  it.each(Object.entries(writes))(
    "%s, gets the first answer, whatever came to be meanwhile",
    async (name, write) => {
      const key = randomUUID();
      const path = await account();
      const first = await write(rest, key, path);
      expect(name).toContain(String(first.status));
      await track.sql("UPDATE accounts SET name = 'Since', version = version + 5");
      const before = await events();
      expect(seen(await write(rest, key, path))).toEqual(seen(first));
      expect(seen(await write(elsewhere, key, path))).toEqual(seen(first));
      expect(await events()).toBe(before);
    },
  );

  it("gets it for a duplicate too, though the record that was in the way has gone", async () => {
    const key = randomUUID();
    const taken = await account({ email: "taken@once.example" });
    const send = () => rest.post(accounts, { email: "TAKEN@once.example" }, under(key));
    const first = await send();
    expect(first.status).toBe(409);
    await rest.delete(taken);
    expect(seen(await send())).toEqual(seen(first));
  });

  it("is done once, of 30 at the same time through two gateways", async () => {
    const key = randomUUID();
    const before = await events();
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        (index % 2 === 0 ? rest : elsewhere).post(accounts, { name: "Racing" }, under(key)),
      ),
    );
    expect(await events()).toBe(before + 1);
    const done = answers.filter(({ status }) => status === 201);
    expect(new Set(done.map(({ text }) => text)).size).toBe(1);
    const others = answers.filter(({ status }) => status !== 201);
    for (const { status, text } of others) {
      expect([status, text]).toEqual([409, expect.stringContaining("still running")]);
    }
    const again = await rest.post(accounts, { name: "Racing" }, under(key));
    expect(again.text).toBe(done[0]?.text);
  });

  it("is 409 while the first runs, and 201 with its answer then", async () => {
    const key = randomUUID();
    const { client } = track.fixtures;
    const send = () => rest.post(accounts, { name: "Slow" }, under(key));
    await client.query("BEGIN; LOCK TABLE accounts IN EXCLUSIVE MODE");
    const first = send();
    try {
      await expect
        .poll(
          async () => {
            const held = await track.sql(
              "SELECT FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            );
            return held.length;
          },
          { timeout: 60_000 },
        )
        .toBeGreaterThan(0);
      const second = await send();
      expect([second.status, second.text]).toEqual([409, expect.stringMatching(/still running/)]);
    } finally {
      await client.query("ROLLBACK");
    }
    const done = await first;
    expect(done.status).toBe(201);
    expect((await send()).text).toBe(done.text);
  });

  it("is the same request under an alias of its path, and with its keys in another order", async () => {
    const key = randomUUID();
    const first = await rest.post("/v1/customers", { last_name: "A", city: "B" }, under(key));
    const path = "/api/v1/integration/customers";
    const again = await rest.post(path, { city: "B", last_name: "A" }, under(key));
    expect(seen(again)).toEqual(seen(first));
  });
});

describe("an Idempotency-Key that was used for one request", () => {
  it("is refused for any other: body, path, verb, condition, place, face", async () => {
    const key = randomUUID();
    const department = await track.fixtures.client.query<{ id: string }>(
      "INSERT INTO departments (tenant_id, id, name) VALUES ($1, gen_random_uuid(), 'Sales') RETURNING id",
      [track.tenantId],
    );
    const path = await account();
    const other = await account();
    const used = { ...under(key), "if-match": '"1"' };
    expect((await rest.patch(path, { name: "One" }, used)).status).toBe(200);
    const before = await events();
    const mutation = 'mutation { createAccount(input: { name: "One" }) { account { id } } }';
    const overGraphql = await track.send(mutation, { idempotencyKey: key });
    expect([overGraphql.status, overGraphql.answer.errors?.[0]?.extensions.code]).toEqual([
      422,
      "IDEMPOTENCY_KEY_REUSED",
    ]);
    const refused = await Promise.all([
      rest.patch(path, { name: "Two" }, used),
      rest.patch(other, { name: "One" }, used),
      rest.patch(path, { name: "One" }, { ...used, "if-match": '"2"' }),
      rest.patch(path, { name: "One" }, under(key)),
      rest.patch(
        path,
        { name: "One" },
        { ...used, "x-department-id": String(department.rows[0]?.id) },
      ),
      rest.post(accounts, { name: "One" }, under(key)),
      rest.delete(path, used),
      rest.post("/v1/customers", { last_name: "One" }, under(key)),
      rest.post(
        "/api/public/v1/customers",
        { account_type: "business", company_name: "One", email: "o@x.example", phone: "1" },
        under(key),
      ),
    ]);
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 422));
    for (const { text } of refused) expect(text).toMatch(/^\{"error":"Idempotency-Key: /);
    expect(await events()).toBe(before);
  });

  it("of GraphQL is refused over REST", async () => {
    const key = randomUUID();
    const mutation = 'mutation { createAccount(input: { name: "One" }) { account { id } } }';
    expect((await track.send(mutation, { idempotencyKey: key })).status).toBe(200);
    expect((await rest.post(accounts, { name: "One" }, under(key))).status).toBe(422);
  });

  it("is another caller's own, and means nothing on a read", async () => {
    const key = randomUUID();
    const send = (credential: string) =>
      rest.post(accounts, { name: "Mine" }, { ...under(key), "x-api-key": credential });
    const other = await track.keyFor("racing");
    const [mine, theirs] = [await send(track.key), await send(other)];
    expect([mine.status, theirs.status]).toEqual([201, 201]);
    expect(at(mine.body, "id")).not.toBe(at(theirs.body, "id"));
    for (const path of [accounts, `${accounts}/${String(at(mine.body, "id"))}`]) {
      expect((await rest.get(path, under(key))).status).toBe(200);
    }
  });

  it("opens nothing to a credential that lost the scope since", async () => {
    const key = randomUUID();
    const credential = await track.keyFor("racing", ["write:accounts", "read:accounts"]);
    const send = () =>
      rest.post(accounts, { name: "Mine" }, { ...under(key), "x-api-key": credential });
    expect((await send()).status).toBe(201);
    await track.sql(
      "UPDATE api_keys SET scopes = '{write:accounts}' WHERE id = $1",
      credential.split("_")[2],
    );
    // A key is believed for two seconds.
    await expect.poll(async () => (await send()).status).toBe(403);
    const { body } = await send();
    expect(at(body, "missingScopes")).toEqual(["read:accounts"]);
  });

  it("is free again after a day", async () => {
    const key = randomUUID();
    expect((await rest.post(accounts, { name: "One" }, under(key))).status).toBe(201);
    await track.sql("UPDATE idempotency_keys SET expires_at = now()");
    const again = await rest.post(accounts, { name: "Two" }, under(key));
    expect([again.status, at(again.body, "name")]).toEqual([201, "Two"]);
  });
});

describe("what is no Idempotency-Key", () => {
  it.each([
    ["nothing", ""],
    ["256 characters", "k".repeat(256)],
    ["no ASCII", "schl\u00fcssel"],
    ["a tab", "a\tb"],
  ])("%s is 400, names the header and writes nothing", async (_, key) => {
    const before = await events();
    for (const path of [accounts, "/v1/customers", "/api/public/v1/customers"]) {
      const body =
        path === accounts
          ? { name: "x" }
          : { account_type: "business", company_name: "x", last_name: "x", email: "k@x.example" };
      const { status, text } = await rest.post(path, body, under(key));
      expect([status, text]).toEqual([400, expect.stringContaining("Idempotency-Key: send 1 to")]);
    }
    expect(await events()).toBe(before);
  });
});
