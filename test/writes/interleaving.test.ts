import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { v7 as uuidv7 } from "uuid";
import { at, listAt } from "../support/gateway/gateway.ts";
import { patience, waiting } from "../support/database/waiting.ts";
import { casesOf, isLong } from "../support/run/run-length.ts";
import { race, startRaceTrack, type RaceTrack } from "../support/writes/races.ts";
import { aftermath, peace } from "../support/writes/soundness.ts";

let track: RaceTrack;
let callers: readonly Caller[];

/** A tenant that calls, and a record that only it can see. */
type Caller = { readonly slug: string; readonly key: string; readonly own: string };

/** What goes wrong in the database when an account of that name is written, and what the caller is told. */
const troubles: Readonly<Record<string, string>> = {
  "fails in its own statement": "INTERNAL",
  "fails in a statement that nobody waits for": "INTERNAL",
  "fails at the commit": "INTERNAL",
  "is not supported": "INTERNAL",
  "loses a node": "UNAVAILABLE",
  "is cut off from a node": "UNAVAILABLE",
  "is cancelled": "QUERY_TOO_COMPLEX",
  "takes too long": "QUERY_TOO_COMPLEX",
  "kills the connection": "UNAVAILABLE",
};

/** The troubles, as triggers of this file's own database. What needs the owner's rights runs as the owner. */
const triggers = `
  CREATE SEQUENCE attempts;
  CREATE FUNCTION make_trouble() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    IF NEW.name = 'fails in its own statement' THEN RAISE EXCEPTION 'secret'; END IF;
    IF NEW.name = 'is not supported' THEN RAISE EXCEPTION 'secret' USING ERRCODE = '0A000'; END IF;
    IF NEW.name = 'loses a node' THEN RAISE EXCEPTION 'server closed the connection unexpectedly' USING ERRCODE = 'XX000'; END IF;
    IF NEW.name = 'is cut off from a node' THEN RAISE EXCEPTION 'SSL SYSCALL error: EOF detected' USING ERRCODE = 'XX000'; END IF;
    IF NEW.name = 'is cancelled' THEN PERFORM pg_cancel_backend(pg_backend_pid()), pg_sleep(5); END IF;
    IF NEW.name = 'kills the connection' THEN PERFORM pg_terminate_backend(pg_backend_pid()), pg_sleep(5); END IF;
    IF NEW.name = 'takes too long' THEN PERFORM set_config('statement_timeout', '50ms', true); END IF;
    IF NEW.name = 'loses a race at times' AND nextval('attempts') % 6 = 0 THEN RAISE EXCEPTION 'secret' USING ERRCODE = '40001'; END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER make_trouble BEFORE INSERT OR UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION make_trouble();
  CREATE FUNCTION make_late_trouble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.name = 'fails at the commit' THEN RAISE EXCEPTION 'secret'; END IF;
    RETURN NULL;
  END $$;
  CREATE CONSTRAINT TRIGGER make_late_trouble AFTER INSERT OR UPDATE ON accounts
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION make_late_trouble();
  CREATE FUNCTION make_trouble_in_log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.changes #>> '{name,1}' = 'fails in a statement that nobody waits for' THEN RAISE EXCEPTION 'secret'; END IF;
    IF NEW.changes #>> '{name,1}' = 'takes too long' THEN PERFORM pg_sleep(5); END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER make_trouble_in_log BEFORE INSERT ON change_events FOR EACH ROW EXECUTE FUNCTION make_trouble_in_log();
`;

beforeAll(async () => {
  track = await startRaceTrack({ logLevel: "silent" });
  callers = await Promise.all(
    ["ours", "theirs"].map(async (slug) => {
      await track.fixtures.tenant(slug);
      const key = await track.keyFor(slug);
      const data = await track.data(
        key,
        `mutation ($name: String) { createAccount(input: { name: $name, email: "main@harbor.example" }) { account { id } } }`,
        { name: `account of ${slug}` },
      );
      return { slug, key, own: String(at(data, "createAccount", "account", "id")) };
    }),
  );
  await track.sql(triggers);
});
afterAll(() => track.close());

const written = "id name tenant { slug } createdBy";
const createAccount = `mutation ($input: CreateAccountInput!) { createAccount(input: $input) {
  account { ${written} } userErrors { code ... on DuplicateError { existing { ... on Account { ${written} } } } }
} }`;

/** What a caller asks for, and what the answer must be: nothing of anybody else, and nothing less. */
type Request = (caller: Caller, other: Caller, number: number) => Promise<void>;

const trouble =
  (name: string, code: string): Request =>
  async ({ key }) => {
    const { answer, text } = await track.send(createAccount, {
      key,
      variables: { input: { name } },
    });
    expect(answer.errors?.map(({ extensions }) => extensions.code)).toEqual([code]);
    expect(text).not.toContain("secret");
    expect(answer.data ?? null).toBeNull();
  };

const requests: readonly Request[] = [
  async ({ slug, key, own }, other) => {
    const data = await track.data(
      key,
      "query ($own: ID!, $other: ID!) { own: account(id: $own) { id name tenant { slug } } other: account(id: $other) { id } tenant { slug } }",
      { own, other: other.own },
    );
    const record = { id: own, name: `account of ${slug}`, tenant: { slug } };
    expect(data).toEqual({ own: record, other: null, tenant: { slug } });
  },
  async ({ slug, key }, _other, number) => {
    const name = `new ${slug} ${number}`;
    const data = await track.data(key, createAccount, { input: { name } });
    expect(at(data, "createAccount")).toMatchObject({
      account: { name, tenant: { slug } },
      userErrors: [],
    });
  },
  async ({ slug, key, own }, _other, number) => {
    const data = await track.data(
      key,
      `mutation ($id: ID!, $note: String) { updateAccount(id: $id, input: { description: $note }) { account { id tenant { slug } } userErrors { code } } }`,
      { id: own, note: `${number}` },
    );
    expect(at(data, "updateAccount")).toEqual({
      account: { id: own, tenant: { slug } },
      userErrors: [],
    });
  },
  async ({ key }, other) => {
    const data = await track.data(
      key,
      `mutation ($id: ID!) { deleteAccount(id: $id) { account { id } userErrors { code } } }`,
      { id: other.own },
    );
    expect(at(data, "deleteAccount")).toEqual({
      account: null,
      userErrors: [{ code: "NOT_FOUND" }],
    });
  },
  // Both tenants have one of that email, each its own.
  async ({ slug, key, own }) => {
    const data = await track.data(key, createAccount, { input: { email: "Main@harbor.example" } });
    const [error] = listAt(data, "createAccount", "userErrors");
    expect(error).toMatchObject({ code: "DUPLICATE", existing: { id: own, tenant: { slug } } });
  },
  // Two of a tenant race for an email: the index settles it, and the loser's transaction is run again.
  async ({ slug, key }, _other, number) => {
    const input = { email: `${Math.floor(number / 64)}@race.example` };
    const data = await track.data(key, createAccount, { input });
    const found = [
      at(data, "createAccount", "account"),
      ...listAt(data, "createAccount", "userErrors").map((error) => at(error, "existing")),
    ].filter((record) => record !== null);
    expect(found).toEqual([expect.objectContaining({ tenant: { slug } })]);
  },
  async ({ slug, key }) => {
    const input = { name: "loses a race at times" };
    const data = await track.data(key, createAccount, { input });
    expect(at(data, "createAccount", "account")).toMatchObject({ ...input, tenant: { slug } });
  },
  async ({ slug, key }, _other, number) => {
    const rows = await track.data(
      key,
      "query ($first: Int) { accounts(first: $first) { nodes { tenant { slug } contacts { totalCount } } } }",
      { first: 1 + (number % 20) },
    );
    const slugs = listAt(rows, "accounts", "nodes").map((node) => at(node, "tenant", "slug"));
    expect(new Set(slugs)).toEqual(new Set([slug]));
  },
  ...Object.entries(troubles).map(([name, code]) => trouble(name, code)),
];

/** So many are under way at any time: more than a gateway has connections, and none waits long for one. */
const lanes = 61;

/** Sends requests of all kinds for both callers, mixed; each checks its own answer. */
async function interleave(count: number, kinds: readonly Request[]): Promise<void> {
  await race(lanes, async (lane) => {
    for (let number = lane; number < count; number += lanes) {
      const [ours, theirs] = number % 2 === 0 ? callers : callers.toReversed();
      const request = kinds[Math.floor(number / 2) % kinds.length];
      if (ours === undefined || theirs === undefined || request === undefined)
        throw new Error("none");
      await request(ours, theirs, number);
    }
  });
}

describe("interleaved requests of two tenants, some of which fail in the database", () => {
  it("each get their own answer", async () => {
    await interleave(casesOf(1_000, 140), requests);
    const rows = await track.sql(
      `SELECT DISTINCT t.slug, k.slug AS writer FROM accounts a JOIN tenants t ON t.id = a.tenant_id
       JOIN api_keys w ON 'key-' || w.id = a.created_by JOIN tenants k ON k.id = w.tenant_id ORDER BY 1`,
    );
    expect(rows).toEqual(callers.map(({ slug }) => ({ slug, writer: slug })));
    const failed = await track.sql(
      "SELECT name FROM accounts WHERE name = ANY ($1)",
      Object.keys(troubles),
    );
    expect(failed).toEqual([]);
    expect(await aftermath(track)).toEqual(peace);
  });

  it.each(Object.entries(troubles))("get it also when each second one %s", async (name, code) => {
    const kinds = requests.slice(0, 8).flatMap((request) => [trouble(name, code), request]);
    await interleave(64, kinds);
    expect(await aftermath(track)).toEqual(peace);
  });
});

describe("requests whose connections are all killed", () => {
  it("fail as UNAVAILABLE or get their own answer, and those after them are answered", async () => {
    const count = casesOf(300, 100);
    const names = Array.from({ length: count }, () => `killed ${uuidv7()}`);
    // Waits until they are gone: one that ended later would take a request with it that came after.
    const killAll = () =>
      track.sql(
        "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = 'crm-gateway' AND datname = current_database()",
      );
    await track.fixtures.client.query("BEGIN; LOCK TABLE accounts");
    const sent = race(count, async (number) => {
      const caller = callers[number % 2];
      const variables = { input: { name: names[number] } };
      const { answer } = await track.send(createAccount, { key: caller?.key ?? "", variables });
      const account =
        answer.errors === undefined ? at(answer.data, "createAccount", "account") : null;
      return {
        code: answer.errors?.[0]?.extensions.code,
        name: account === null ? null : at(account, "name"),
        slug: account === null ? null : at(account, "tenant", "slug"),
      };
    });
    try {
      // Some writes are running at the first kill, even on a fast machine.
      await vi.waitFor(async () => expect(await waiting(track)).toBeGreaterThan(0), patience);
      await killAll();
    } finally {
      await track.fixtures.client.query("ROLLBACK");
    }
    for (let turn = 0; turn < 2; turn += 1) {
      await sleep(isLong ? 60 : 20);
      await killAll();
    }
    const answers = await sent;
    const lost = answers.filter(({ code }) => code !== undefined);
    expect(lost.length).toBeGreaterThan(0);
    expect(new Set(lost.map(({ code }) => code))).toEqual(new Set(["UNAVAILABLE"]));
    const good = [...answers.entries()].filter(([, { code }]) => code === undefined);
    expect(good.map(([, { name, slug }]) => [name, slug])).toEqual(
      good.map(([number]) => [names[number], callers[number % 2]?.slug]),
    );
    const rows = await track.sql("SELECT name FROM accounts WHERE name = ANY ($1)", names);
    const stored = rows.map(({ name }) => name);
    expect(new Set(stored).size).toBe(stored.length);
    expect(good.filter(([, { name }]) => !stored.includes(name))).toEqual([]);
    await interleave(casesOf(100, 56), requests);
    expect((await aftermath(track)).unsound).toEqual({});
  });
});
