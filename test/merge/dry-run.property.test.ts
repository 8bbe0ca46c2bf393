import { withoutExtensions } from "../support/gateway/without-extensions.ts";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { casesOf } from "../support/run/run-length.ts";
import { catalog } from "../../src/modules/catalog.ts";
import { snakeCase } from "../../src/lib/text.ts";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { merge, mergeText, type Merge } from "../support/writes/merging.ts";
import { randomWorld, storeWorld, type RandomWorld } from "../support/samples/random-rows.ts";
import { rowsOf } from "../support/writes/writes.ts";

let gateway: TestGateway;
let count = 0;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

type Kind = "account" | "contact";

/** A tenant full of random records: everything a column may hold, deleted ones, whatever edges. */
async function worldOf(seed: number) {
  count += 1;
  const tenant = await gateway.fixtures.tenant(`world-${count}`);
  const world = randomWorld(seed, tenant.uuid);
  await storeWorld(gateway.fixtures, world, tenant.uuid, seed);
  // Without circles, which the gateway would not have let in.
  for (const [table, parent] of [
    ["accounts", "parent_account_id"],
    ["contacts", "reports_to_contact_id"],
  ]) {
    const text = `UPDATE ${table} SET ${parent} = NULL WHERE tenant_id = $1 AND ${parent} > id`;
    await rowsOf(gateway, text, tenant.uuid);
  }
  // Most people are at four accounts, live or not, and each has an email that one at another account has too.
  const cleared =
    "UPDATE contacts SET is_primary = FALSE, email = NULL, email_key = NULL WHERE tenant_id = $1";
  await rowsOf(gateway, cleared, tenant.uuid);
  await rowsOf(
    gateway,
    `UPDATE contacts c SET account_id = a.id, email = 'twin-' || n.place / 4 || '@random.example',
       email_key = 'twin-' || n.place / 4 || '@random.example', is_primary = n.place < 4
     FROM (SELECT id, row_number() OVER (ORDER BY deleted_at IS NOT NULL, id) - 1 AS place FROM contacts WHERE tenant_id = $1) n,
       (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM accounts WHERE tenant_id = $1 AND deleted_at IS NULL LIMIT 4) a
     WHERE c.tenant_id = $1 AND c.id = n.id AND a.place = n.place % 4`,
    tenant.uuid,
  );
  // And with room for another version and a later time.
  for (const table of ["accounts", "contacts", "deals", "activities", "quotes"]) {
    const text = `UPDATE ${table} SET version = 1, updated_at = now() WHERE tenant_id = $1`;
    await rowsOf(gateway, text, tenant.uuid);
  }
  return { tenant, world, key: await gateway.keyFor(tenant.slug) };
}

/** Every row of a tenant, as text; keys of callers left out. */
async function everything(tenantId: string): Promise<readonly string[]> {
  const tables = await rowsOf(
    gateway,
    "SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'tenant_id' AND table_name <> 'api_keys' ORDER BY 1",
  );
  const rows = await rowsOf(
    gateway,
    tables
      .map(
        ({ name }) =>
          `SELECT '${String(name)} ' || to_jsonb(t)::text AS row FROM ${String(name)} t WHERE tenant_id = '${tenantId}'`,
      )
      .join(" UNION ALL ")
      .concat(" ORDER BY 1"),
  );
  return rows.map(({ row }) => String(row));
}

/** What points at accounts and contacts, one text for each edge that ends in the public id of its target. */
async function edges(tenantId: string): Promise<string[]> {
  const found: string[] = [];
  const links: [string, string][] = [];
  for (const entity of catalog.entities) {
    for (const [field, { to }] of Object.entries(entity.fields)) {
      // Who reports to a contact of another account loses it, which the rules of the product ask for.
      if (to !== "account" && to !== "contact") continue;
      if (field === "mergedIntoId" || field === "reportsToContactId") continue;
      const rows = await rowsOf(
        gateway,
        `SELECT id, ${snakeCase(field)} AS other FROM ${entity.table} WHERE tenant_id = $1 AND ${snakeCase(field)} IS NOT NULL`,
        tenantId,
      );
      const { prefix } = catalog.entity(to);
      for (const { id, other } of rows) {
        found.push(`${entity.prefix}-${String(id)} ${field} ${prefix}-${String(other)}`);
      }
    }
    for (const relation of Object.values(entity.relations)) {
      if (relation.kind === "through" && relation.to === "contact")
        links.push([relation.table, relation.source]);
    }
  }
  for (const [table, source] of links) {
    const rows = await rowsOf(
      gateway,
      `SELECT ${source} AS id, contact_id FROM ${table} WHERE tenant_id = $1`,
      tenantId,
    );
    for (const { id, contact_id } of rows) {
      found.push(`${String(id)} ${table} con-${String(contact_id)}`);
    }
  }
  return [...new Set(found)].toSorted();
}

/** All that callers write of a record; addresses are read as another type than the column's. */
const fieldsOf = (kind: Kind): string[] =>
  Object.entries(catalog.entity(kind).fields)
    .filter(([name, { managed }]) => !managed && name !== "addresses")
    .map(([name]) => name);

/** What is told, without what only a real run has: versions and stamps. */
const told = ({ fields, moved, contactsMerged, twinFields, problems, messages }: Merge) => ({
  fields,
  moved,
  contactsMerged,
  twinFields,
  problems,
  messages,
});

const pick = (world: RandomWorld, kind: Kind, index: number): string => {
  const live = (world.get(kind) ?? [])
    .filter((row) => row["deletedAt"] === null)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .slice(0, kind === "account" ? 6 : 30);
  return `${catalog.entity(kind).prefix}-${live[index % live.length]?.id ?? ""}`;
};

const merges = fc.array(
  fc.record({
    kind: fc.constantFrom<Kind>("account", "contact"),
    into: fc.nat(40),
    from: fc.nat(40),
  }),
  { minLength: 3, maxLength: 6 },
);

/** Tenants that the first test merges in. */
const worlds = casesOf(8, 2);

it("a dry run leaves every byte as it was, and tells what the merge then does, field by field; nothing is lost", async () => {
  let written = 0;
  let twins = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(10_000), merges, async (seed, wanted) => {
      const { tenant, world, key } = await worldOf(seed);
      for (const { kind, ...places } of wanted) {
        const ids = { into: pick(world, kind, places.into), from: pick(world, kind, places.from) };
        const before = await everything(tenant.uuid);
        const dry = await merge(
          gateway,
          key,
          kind,
          { ...ids, dryRun: true },
          fieldsOf(kind).join(" "),
        );
        expect(await everything(tenant.uuid)).toEqual(before);
        const real = await merge(gateway, key, kind, ids, fieldsOf(kind).join(" "));
        expect(told(real)).toEqual(told(dry));
        const isWritten = real.problems.length === 0;
        if (isWritten) written += 1;
        twins += real.contactsMerged.length;
        expect(String(await everything(tenant.uuid)) === String(before)).toBe(!isWritten);
        // What was told is what is there now; what was not told is as it was.
        const results = new Map(real.fields.map(({ field, result }) => [field, result]));
        for (const name of isWritten ? fieldsOf(kind) : []) {
          const rest = snakeCase(name);
          const expected = results.has(rest) ? results.get(rest) : at(dry.record, name);
          expect({ name, value: at(real.record, name) }).toEqual({ name, value: expected });
        }
      }
    }),
    { numRuns: worlds, seed: 20261122, endOnFailure: true },
  );
  expect(written).toBeGreaterThanOrEqual(2 * worlds);
  expect(twins).toBeGreaterThanOrEqual(worlds / 2);
});

it("every edge that there was is there afterwards, at the survivor where it was at the other", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(10_000), merges, async (seed, wanted) => {
      const { tenant, world, key } = await worldOf(seed);
      for (const { kind, ...places } of wanted) {
        const ids = { into: pick(world, kind, places.into), from: pick(world, kind, places.from) };
        const known = await edges(tenant.uuid);
        const { problems, contactsMerged } = await merge(gateway, key, kind, ids);
        if (problems.length > 0) continue;
        const goes = new Map([ids, ...contactsMerged].map(({ from, into }) => [from, into]));
        const expected = new Set(
          known.map((edge) => {
            const cut = edge.lastIndexOf(" ");
            const to = edge.slice(cut + 1);
            return `${edge.slice(0, cut)} ${goes.get(to) ?? to}`;
          }),
        );
        const after = new Set(await edges(tenant.uuid));
        expect([...expected].filter((edge) => !after.has(edge))).toEqual([]);
        // What is new is what the survivor took over itself.
        const survivors = [...goes.values()];
        const added = [...after].filter((edge) => !expected.has(edge));
        expect(added.filter((edge) => !survivors.some((id) => edge.startsWith(id)))).toEqual([]);
      }
    }),
    { numRuns: casesOf(5, 2), seed: 20261123, endOnFailure: true },
  );
});

it("under an idempotency key the first answer comes again, of dry runs too, and nothing is merged twice", async () => {
  const { key, tenant } = await worldOf(7);
  const [into, from] = [await tenant.account(), await tenant.account()];
  await tenant.deal(from);
  const variables = { into: into.id, from: from.id };
  const send = async (idempotencyKey: string, dryRun: boolean) => {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-api-key": key,
        "idempotency-key": idempotencyKey,
      },
      body: JSON.stringify({
        query: mergeText("account", "version"),
        variables: { ...variables, dryRun },
      }),
    });
    return withoutExtensions(await response.text());
  };
  const rows = async () =>
    (await everything(tenant.uuid)).filter((row) => !row.startsWith("idempotency_keys"));
  const before = await rows();
  const dry = await send("dry", true);
  expect(await rows()).toEqual(before);
  const real = await send("real", false);
  const after = await rows();
  expect(after).not.toEqual(before);
  expect(await send("dry", true)).toBe(dry);
  expect(await send("real", false)).toBe(real);
  expect(await rows()).toEqual(after);
  expect(await send("dry", false)).toContain("IDEMPOTENCY_KEY_REUSED");
});
