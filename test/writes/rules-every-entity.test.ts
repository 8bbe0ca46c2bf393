import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalog } from "../../src/modules/catalog.ts";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { expectRefused, expectWritten } from "../support/writes/mutation.ts";
import { Writes } from "../support/writes/writes.ts";
import {
  fieldFor,
  kinds,
  leastInput,
  oneOfEach,
  unknownId,
  uuidOf,
  type Kind,
} from "../support/samples/one-of-each.ts";

let gateway: TestGateway;
let key: string;
let writes: Writes;
let ours: Record<Kind, string>;
let theirs: Record<Kind, string>;

beforeAll(async () => {
  gateway = await startGateway();
  await gateway.fixtures.tenant("ours");
  await gateway.fixtures.tenant("theirs");
  key = await gateway.keyFor("ours");
  writes = new Writes(gateway, key);
  ours = await oneOfEach(gateway, key);
  theirs = await oneOfEach(gateway, await gateway.keyFor("theirs"));
});
afterAll(() => gateway.close());

/** Every input field that names a record of ours: what is written, the field, and what it names. */
const references: readonly (readonly [Kind, string, Kind])[] = [
  ["account", "parent_account_id", "account"],
  ["contact", "account_id", "account"],
  ["contact", "reports_to_contact_id", "contact"],
  ["deal", "account_id", "account"],
  ["deal", "primary_contact_id", "contact"],
  ["activity", "account_id", "account"],
  ["activity", "deal_id", "deal"],
  ["activity", "contact_id", "contact"],
  ["quote", "account_id", "account"],
  ["quote", "deal_id", "deal"],
  ["lineItem", "quote_id", "quote"],
];
const named = references.map(
  (reference) => [`${reference[0]}.${reference[1]}`, reference] as const,
);

const create = (kind: Kind, input: Readonly<Record<string, unknown>>, selection?: string) =>
  writes.mutate(
    fieldFor("create", kind),
    { input: { ...leastInput(kind, ours), ...input } },
    selection,
  );

describe("identity", () => {
  it.each(kinds)("a UUIDv7 in a native uuid column, made by the gateway: %s", async (kind) => {
    const { prefix, table } = catalog.entity(kind);
    const { id } = expectWritten(await create(kind, {}));
    expect(id).toMatch(
      new RegExp(`^${prefix}-[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`),
    );
    const { rows } = await gateway.fixtures.client.query(
      `SELECT pg_typeof(id)::text AS type FROM ${table} WHERE id = $1`,
      [uuidOf(String(id))],
    );
    expect(rows).toEqual([{ type: "uuid" }]);
  });

  it.each(kinds)("outside it is the GraphQL id and the Relay global id: %s", async (kind) => {
    const { id } = expectWritten(await create(kind, {}));
    const data = await gateway.data(key, "query ($id: ID!) { node(id: $id) { id __typename } }", {
      id,
    });
    expect(data).toEqual({ node: { id, __typename: catalog.entity(kind).type } });
  });

  it("prefixes are acc- con- deal- act- qte- lin-", () => {
    const prefixes = Object.values(ours).map((id) => id.slice(0, id.indexOf("-")));
    expect(prefixes).toEqual(["acc", "con", "deal", "act", "qte", "lin"]);
  });

  it.each(named)(
    "on input both acc-<uuid> and the bare UUID are accepted: %s",
    async (_, [kind, field, to]) => {
      const shared = kind === "contact" && to === "contact" ? { account_id: null } : {};
      for (const id of [ours[to], uuidOf(ours[to]), uuidOf(ours[to]).toUpperCase()]) {
        expectWritten(await create(kind, { ...shared, [field]: id }));
      }
    },
  );

  it("arguments take both forms too", async () => {
    for (const id of [ours.account, uuidOf(ours.account)]) {
      const outcome = await writes.mutate("updateAccount", { id, input: { name: "A" } });
      expect(expectWritten(outcome)["id"]).toBe(ours.account);
    }
  });

  it.each(named)(
    "a wrong prefix is a validation error naming the field: %s",
    async (_, [kind, field, to]) => {
      const wrong = to === "contact" ? ours.account : ours.contact;
      expectRefused(await create(kind, { [field]: wrong }), [[field, "ValidationError"]]);
      expectRefused(await create(kind, { [field]: `${wrong}-1` }), [[field, "ValidationError"]]);
    },
  );

  it("a wrong prefix in a list is a validation error naming the item", async () => {
    const contact_ids = [ours.contact, ours.account];
    expectRefused(await create("deal", { contact_ids }), [["contact_ids.1", "ValidationError"]]);
  });

  it.each(["update", "delete", "restore"])(
    "a wrong prefix in %s's id names the id",
    async (verb) => {
      const args = { id: ours.contact, input: { name: "X" } };
      const outcome = await writes.mutate(`${verb}Account`, args);
      expectRefused(outcome, [["id", "ValidationError", /acc-<uuid>/]]);
    },
  );
});

describe("opaque outside references", () => {
  const single: readonly (readonly [Kind, string, string])[] = [
    ["account", "owner_id", "ownerId"],
    ["deal", "owner_id", "ownerId"],
    ["deal", "rfp_record_id", "rfpRecordId"],
    ["quote", "owner_id", "ownerId"],
    ["activity", "owner_id", "ownerId"],
    ["activity", "performed_by_user_id", "performedByUserId"],
  ];
  const lists: readonly (readonly [Kind, string, string])[] = [
    ["deal", "proposal_ids", "proposalIds"],
    ["deal", "attachment_refs", "attachmentRefs"],
    ["deal", "linked_task_ids", "linkedTaskIds"],
    ["activity", "attachment_refs", "attachmentRefs"],
  ];

  it.each(single)(
    "kept as given, trimmed, none when blank, at most 255 characters: %s.%s",
    async (kind, field, shown) => {
      for (const text of ["usr-Ann/É 1", "7", "x".repeat(255), "日".repeat(255)]) {
        const record = expectWritten(await create(kind, { [field]: ` ${text}\n` }, shown));
        expect(record[shown]).toBe(text);
      }
      for (const blank of ["", "  "]) {
        const record = expectWritten(await create(kind, { [field]: blank }, shown));
        expect(record[shown]).toBe(null);
      }
      const refused = await create(kind, { [field]: "x".repeat(256) });
      expectRefused(refused, [[field, "ValidationError"]]);
    },
  );

  it.each(lists)(
    "kept as given, trimmed, not at all when blank, at most 255 characters: each of %s.%s",
    async (kind, field, shown) => {
      const refs = ["tsk-B", " s3://bucket/Key 1.pdf ", "y".repeat(255)];
      const record = expectWritten(await create(kind, { [field]: [...refs, " "] }, shown));
      expect(record[shown]).toEqual(refs.map((ref) => ref.trim()));
      const refused = await create(kind, { [field]: ["tsk-1", "y".repeat(256)] });
      expectRefused(refused, [[`${field}.1`, "ValidationError"]]);
    },
  );
});

describe("tenant", () => {
  // The counters of quotas hold no tenant's data: hashes of credentials, and numbers.
  it("every table but tenants carries tenant_id", async () => {
    const { rows } = await gateway.fixtures.client.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
       AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'tenant_id' AND attnotnull)
       ORDER BY relname`,
    );
    expect(rows.map(({ name }) => name)).toEqual([
      "_prisma_migrations",
      "quota_counters",
      "tenants",
    ]);
  });

  it("every primary key, unique key and foreign key leads with it", async () => {
    const { rows } = await gateway.fixtures.client.query<{ total: number; other: string[] }>(
      `WITH keys AS (
         SELECT indexrelid::regclass::text AS name, indrelid AS relation, indkey[0] AS first FROM pg_index WHERE indisunique
         UNION ALL SELECT conname, conrelid, conkey[1] FROM pg_constraint WHERE contype = 'f'
       )
       SELECT count(*)::integer AS total, coalesce(array_agg(keys.name) FILTER (WHERE attname <> 'tenant_id'), '{}') AS other
       FROM keys JOIN pg_class c ON c.oid = relation JOIN pg_attribute ON attrelid = relation AND attnum = first
       WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname NOT IN ('tenants', '_prisma_migrations', 'quota_counters')`,
    );
    expect(rows[0]?.total).toBeGreaterThan(40);
    expect(rows[0]?.other).toEqual([]);
  });

  it("is never taken from input", async () => {
    const { rows } = await gateway.fixtures.client.query<{ id: string }>(
      "SELECT id FROM tenants WHERE slug = 'theirs'",
    );
    for (const kind of kinds) {
      const tenant_id = `ten-${rows[0]?.id ?? ""}`;
      const record = expectWritten(await create(kind, { tenant_id }, "tenant { slug }"));
      expect(at(record, "tenant", "slug")).toBe("ours");
    }
  });

  it.each(named)(
    "no row can ever reference another tenant's row: %s",
    async (_, [kind, field, to]) => {
      const foreign = await create(kind, { [field]: theirs[to] });
      expectRefused(foreign, [[field, "NotFoundError"]]);
      expect(foreign).toEqual(await create(kind, { [field]: unknownId(to) }));
    },
  );

  const verbs = [
    ...(["account", "contact", "deal", "quote", "lineItem"] as const).flatMap((kind) =>
      ["update", "delete", "restore"].map((verb) => [verb, kind] as const),
    ),
    ["complete", "activity"] as const,
  ];

  it.each(verbs)("another tenant's record cannot be reached: %s %s", async (verb, kind) => {
    const stored = async () => {
      const { rows } = await gateway.fixtures.client.query(
        `SELECT * FROM ${catalog.entity(kind).table} WHERE id = $1`,
        [uuidOf(theirs[kind])],
      );
      return rows;
    };
    const write = (id: string) => writes.ask(fieldFor(verb, kind), { id, version: 1, input: {} });
    const before = await stored();
    const answer = await write(theirs[kind]);
    expect(answer).toEqual(await write(unknownId(kind)));
    expect(JSON.stringify(answer)).toContain("NotFoundError");
    expect(await stored()).toEqual(before);
  });
});
