import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalog } from "../../src/modules/catalog.ts";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { expectRefused, expectWritten, type Outcome } from "../support/writes/mutation.ts";
import { Writes } from "../support/writes/writes.ts";
import {
  actorOf,
  fieldFor,
  kinds,
  leastInput,
  oneOfEach,
  uuidOf,
  type Kind,
} from "../support/samples/one-of-each.ts";
import { untilWaiting } from "../support/database/waiting.ts";

let gateway: TestGateway;
let ann: string;
let ben: string;
let ours: Record<Kind, string>;

beforeAll(async () => {
  gateway = await startGateway();
  await gateway.fixtures.tenant("ours");
  ann = await gateway.keyFor("ours");
  ben = await gateway.keyFor("ours");
  ours = await oneOfEach(gateway, ann);
});
afterAll(() => gateway.close());

type Values = Readonly<Record<string, unknown>>;

const stamps =
  "id version createdAt createdBy updatedAt updatedBy deletedAt deletedBy source sourceType schemaVersion appId isDeleted";
const create = (kind: Kind, input: Values = {}, key = ann): Promise<Outcome> =>
  new Writes(gateway, key).mutate(
    fieldFor("create", kind),
    { input: { ...leastInput(kind, ours), ...input } },
    stamps,
  );
const write = (verb: string, kind: Kind, args: Values, key = ann): Promise<Outcome> =>
  new Writes(gateway, key).mutate(fieldFor(verb, kind), args, stamps);
/** All that can be changed: an activity is a log entry. */
const changeable = kinds.filter((kind) => kind !== "activity");

/** A key that was issued for an application. */
async function keyOf(appId: string): Promise<string> {
  const key = await gateway.keyFor("ours");
  await gateway.fixtures.client.query("UPDATE api_keys SET app_id = $1 WHERE id = $2", [
    appId,
    uuidOf(actorOf(key)),
  ]);
  return key;
}

describe("actor stamps", () => {
  it.each(changeable)("created_by, updated_by, deleted_by: the API key's id: %s", async (kind) => {
    const [first, second] = [actorOf(ann), actorOf(ben)];
    const made = expectWritten(await create(kind));
    expect(made).toMatchObject({ createdBy: first, updatedBy: first, deletedBy: null });
    const { id } = made;
    const updated = expectWritten(await write("update", kind, { id, input: {} }, ben));
    expect(updated).toMatchObject({ createdBy: first, updatedBy: second, deletedBy: null });
    const deleted = expectWritten(await write("delete", kind, { id }));
    expect(deleted).toMatchObject({ createdBy: first, updatedBy: first, deletedBy: first });
    const restored = expectWritten(await write("restore", kind, { id }, ben));
    expect(restored).toMatchObject({ createdBy: first, updatedBy: second, deletedBy: null });
  });

  it("an activity has them too", async () => {
    expect(expectWritten(await create("activity"))).toMatchObject({
      createdBy: actorOf(ann),
      updatedBy: actorOf(ann),
    });
  });

  it("app_id: stamped when the credential was issued for an application", async () => {
    const key = await keyOf("app-billing");
    const own = await oneOfEach(gateway, key);
    for (const kind of kinds) {
      const node = await gateway.data(
        ann,
        `query ($id: ID!) { node(id: $id) { ... on ${catalog.entity(kind).type} { appId } } }`,
        { id: own[kind] },
      );
      expect(node).toEqual({ node: { appId: "app-billing" } });
      const plain = expectWritten(await create(kind, { app_id: "app-billing" }));
      expect(plain["appId"]).toBeNull();
    }
  });

  it("a credential with an app_id writes only to rows with that app_id", async () => {
    const key = await keyOf("app-other");
    for (const kind of changeable) {
      const [id, input] = [ours[kind], {}];
      for (const verb of ["update", "delete"]) {
        expectRefused(await write(verb, kind, { id, input }, key), [["id", "NotFoundError"]]);
      }
    }
    const child = await create("deal", {}, key);
    expectRefused(child, [["account_id", "NotFoundError"]]);
  });

  it("what such a credential cannot read is not named to it", async () => {
    const key = await keyOf("app-third");
    expectWritten(await create("account", { email: "hidden@example.com" }));
    const outcome = await create("account", { email: "hidden@example.com" }, key);
    expectRefused(outcome, [["email", "DuplicateError"]]);
    expect(outcome.userErrors[0]?.existingId).toBeNull();
  });
});

describe("time stamps", () => {
  const tables = kinds.map((kind) => [catalog.entity(kind).table]);

  it.each(tables)("created_at, updated_at, deleted_at are timestamptz(3): %s", async (table) => {
    const { rows } = await gateway.fixtures.client.query(
      `SELECT attname, format_type(atttypid, atttypmod) AS type FROM pg_attribute
       WHERE attrelid = $1::regclass AND attname = ANY ('{created_at,updated_at,deleted_at}') ORDER BY attname`,
      [table],
    );
    const type = "timestamp(3) with time zone";
    expect(rows).toEqual(
      ["created_at", "deleted_at", "updated_at"].map((attname) => ({ attname, type })),
    );
  });

  it.each(changeable)("UTC, printed 2026-03-18T15:40:12.000Z: %s", async (kind) => {
    const started = new Date().toISOString();
    const { id } = expectWritten(await create(kind));
    const record = expectWritten(await write("delete", kind, { id }));
    for (const field of ["createdAt", "updatedAt", "deletedAt"]) {
      expect(record[field]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(String(record[field]) >= started).toBe(true);
      expect(String(record[field]) <= new Date().toISOString()).toBe(true);
    }
  });

  it.each(changeable)("updated_at moves on every write: %s", async (kind) => {
    const made = expectWritten(await create(kind));
    expect(made["updatedAt"]).toBe(made["createdAt"]);
    let last = String(made["updatedAt"]);
    for (const verb of ["update", "delete", "restore"]) {
      await sleep(2);
      const record = expectWritten(await write(verb, kind, { id: made["id"], input: {} }));
      expect(String(record["updatedAt"]) > last, verb).toBe(true);
      expect(record["createdAt"]).toBe(made["createdAt"]);
      last = String(record["updatedAt"]);
    }
  });

  it("updated_at moves forward also for a writer that waited for another", async () => {
    const { id } = expectWritten(await create("account"));
    const { client } = gateway.fixtures;
    const row = [uuidOf(String(id))];
    await client.query("BEGIN");
    await client.query("SELECT FROM accounts WHERE id = $1 FOR UPDATE", row);
    const waiting = write("update", "account", { id, input: { name: "Late" } });
    await untilWaiting(gateway);
    const { rows } = await client.query<{ updated_at: Date }>(
      "UPDATE accounts SET updated_at = clock_timestamp(), version = version + 1 WHERE id = $1 RETURNING updated_at",
      row,
    );
    await client.query("COMMIT");
    const record = expectWritten(await waiting);
    expect(record["version"]).toBe(3);
    const earlier = rows[0]?.updated_at.toISOString() ?? "";
    expect(String(record["updatedAt"]) > earlier).toBe(true);
  });
});

describe("provenance", () => {
  it.each(kinds)(
    "source (default edm), source_type (default api), schema_version (default 1): %s",
    async (kind) => {
      const plain = { source: "edm", sourceType: "api", schemaVersion: 1 };
      expect(expectWritten(await create(kind))).toMatchObject(plain);
      const blank = { source: " ", source_type: null };
      expect(expectWritten(await create(kind, blank))).toMatchObject(plain);
      expect(expectWritten(await create(kind, { source: null }))).toMatchObject(plain);
    },
  );

  it.each(["frontend", "backend", "server", "system", "api"])(
    "source_type %s is kept",
    async (source_type) => {
      const record = expectWritten(await create("account", { source: "import", source_type }));
      expect(record).toMatchObject({ source: "import", sourceType: source_type });
      const { id } = record;
      const cleared = { source: null, source_type: null };
      expectRefused(await write("update", "account", { id, input: cleared }), [
        ["source", "ValidationError"],
        ["source_type", "ValidationError"],
      ]);
    },
  );

  it("source_type is an enum: another word is refused", async () => {
    await expect(create("account", { source_type: "robot" })).rejects.toThrow(
      /source_type.*BAD_USER_INPUT/,
    );
  });
});

describe("version", () => {
  it.each(changeable)("starts at 1, +1 on every write: %s", async (kind) => {
    const { id, version } = expectWritten(await create(kind));
    expect(version).toBe(1);
    for (const [index, verb] of ["update", "update", "delete", "restore"].entries()) {
      const record = expectWritten(await write(verb, kind, { id, input: {} }));
      expect(record["version"]).toBe(index + 2);
    }
  });

  it.each(changeable)("an update, delete or restore may carry version: %s", async (kind) => {
    const { id } = expectWritten(await create(kind));
    const versioned = (verb: string, version: number) =>
      write(verb, kind, { id, version, input: { version } });
    for (const [index, verb] of ["update", "delete", "restore"].entries()) {
      const current = index + 1;
      for (const stale of [current - 1, current + 1]) {
        expectRefused(await versioned(verb, stale), [["version", "ConflictError"]]);
      }
      expect(expectWritten(await versioned(verb, current))["version"]).toBe(current + 1);
    }
  });

  it("if it is not the current one, the answer is a conflict that carries the current record", async () => {
    const { id } = expectWritten(await create("account", { name: "Old" }));
    expectWritten(await write("update", "account", { id, input: { name: "New" } }));
    const stale = await write("update", "account", { id, input: { name: "Mine", version: 1 } });
    expectRefused(stale, [["version", "ConflictError"]]);
    expect(stale.userErrors[0]).toMatchObject({
      code: "CONFLICT",
      current: { id, version: 2, name: "New" },
    });
  });

  it.each(["update", "delete", "restore"])(
    "of N racers with the same version exactly one wins: %s",
    async (verb) => {
      const { id } = expectWritten(await create("account"));
      if (verb === "restore") expectWritten(await write("delete", "account", { id }));
      const version = verb === "restore" ? 2 : 1;
      const racers = Array.from({ length: 20 }, (_, index) =>
        write(verb, "account", { id, version, input: { name: `Racer ${index}`, version } }),
      );
      const outcomes = await Promise.all(racers);
      const winners = outcomes.filter(({ record }) => record !== null);
      expect(winners).toHaveLength(1);
      expect(winners[0]?.record?.["version"]).toBe(version + 1);
      const losers = outcomes.filter(({ record }) => record === null);
      const answers = new Set(losers.map(({ userErrors }) => userErrors[0]?.code));
      // Whoever comes after the one that deleted or restored it finds no such record.
      const expected = { update: "CONFLICT", delete: "NOT_FOUND", restore: "BAD_USER_INPUT" }[verb];
      expect([...answers]).toEqual([expected]);
    },
  );
});

describe("server-managed input", () => {
  const managed = {
    id: "acc-1",
    tenant_id: "ten-1",
    app_id: "app-1",
    created_at: "2001-01-01T00:00:00Z",
    created_by: "usr-1",
    updated_at: { not: "a time" },
    updated_by: "usr-1",
    is_deleted: true,
    deleted_at: "2001-01-01T00:00:00Z",
    deleted_by: ["usr-1"],
    schema_version: 7,
  };

  it.each(kinds)("accepted on create inputs and ignored: %s", async (kind) => {
    const record = expectWritten(await create(kind, managed));
    expect(record).toMatchObject({
      appId: null,
      createdBy: actorOf(ann),
      updatedBy: actorOf(ann),
      isDeleted: false,
      deletedAt: null,
      deletedBy: null,
      schemaVersion: 1,
      version: 1,
    });
    expect(record["id"]).not.toBe(managed.id);
    expect(record["createdAt"]).not.toMatch(/^2001/);
    expect(record["updatedAt"]).toBe(record["createdAt"]);
  });

  it("the same on updates, because clients send back what they read", async () => {
    const { id } = expectWritten(await create("account"));
    const input = { ...managed, name: "Sent back" };
    const record = expectWritten(await write("update", "account", { id, input }));
    expect(record).toMatchObject({ id, version: 2, createdBy: actorOf(ann), isDeleted: false });
  });

  it.each(kinds)("any other unknown field is an error that names it: %s", async (kind) => {
    const input = { ...leastInput(kind, ours), shoe_size: 42, hat_size: 7 };
    const { type } = catalog.entity(kind);
    const answer = await gateway.ask(
      ann,
      `mutation ($input: Create${type}Input!) { create${type}(input: $input) { userErrors { path } } }`,
      { input },
    );
    expect(at(answer, "errors", 0, "extensions", "code")).toBe("BAD_USER_INPUT");
    const messages = JSON.stringify(answer.errors);
    expect(messages).toContain("shoe_size");
    expect(messages).toContain("hat_size");
  });
});
