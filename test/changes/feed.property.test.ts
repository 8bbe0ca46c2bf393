import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { formatId } from "../../src/lib/id.ts";
import { snakeCase } from "../../src/lib/text.ts";
import type { Entity } from "../../src/model/entity.ts";
import { casesOf, runSeed } from "../support/run/run-length.ts";
import { crowd } from "../support/writes/crowd.ts";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { listAt, type TestGateway } from "../support/gateway/gateway.ts";
import { commits, dawdle } from "../support/changes/dawdle.ts";
import { FeedReader } from "../support/changes/feed-reader.ts";
import { differences, logged, replayLog } from "../support/changes/replay.ts";
import { RowWriter } from "../support/writes/row-writer.ts";
import { rowsOf } from "../support/writes/writes.ts";
import { patience, untilWaiting } from "../support/database/waiting.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

const writers = 8;
const writesOfEach = casesOf(40, 12);
let gateway: TestGateway;
let tenant: TenantFixtures;
let key: string;
let reader: FeedReader;

beforeAll(async () => {
  ({ gateway, tenant, key } = await startTenant("ours", { maxConnections: writers + 4 }));
  await gateway.fixtures.tenant("theirs");
  const theirKey = await gateway.keyFor("theirs");
  await gateway.fixtures.client.query(dawdle);
  reader = new FeedReader(gateway, key, tenant.uuid);
  const reading = reader.follow();
  await Promise.all([
    crowd(gateway, key, { seed: runSeed, callers: writers, writesOfEach }),
    // Another tenant's writers have a log of their own.
    crowd(gateway, theirKey, { seed: runSeed, callers: 2, writesOfEach: 10 }),
  ]);
  for (const [field, input] of [
    ["createDepartment", '{ name: "Sales" }'],
    ["createApiKey", '{ name: "Import", scopes: ["read:*"] }'],
  ]) {
    await gateway.data(key, `mutation { ${field}(input: ${input}) { userErrors { code } } }`);
  }
  await mergeTwo();
  await readBesideHeldCommits();
  reader.stop();
  await reading;
});
afterAll(() => gateway.close());

/** In case that the crowd merged nothing that lives: accounts with people of one email. */
async function mergeTwo(): Promise<void> {
  const [accounts, contacts] = [
    new RowWriter(gateway, key, "accounts"),
    new RowWriter(gateway, key, "contacts"),
  ];
  const ids: string[] = [];
  for (const name of ["One", "Other"]) {
    const id = await accounts.made({ name, tags: [name] });
    await contacts.made({ account_id: id, email: "same@example.com", phone: "+14155550100" });
    await contacts.made({ account_id: id, last_name: name });
    ids.push(id);
  }
  const data = await gateway.data(
    key,
    "mutation ($into: ID!, $from: ID!) { mergeAccounts(into: $into, from: $from) { contactsMerged { into { id } } userErrors { code } } }",
    { into: ids[0], from: ids[1] },
  );
  expect(listAt(data, "mergeAccounts", "contactsMerged")).toHaveLength(1);
}

/** Reads that surely meet an open transaction with its events written, and one behind it that waits for its turn. */
async function readBesideHeldCommits(): Promise<void> {
  const { client } = gateway.fixtures;
  const accounts = new RowWriter(gateway, key, "accounts");
  for (let round = 0; round < 10; round += 1) {
    await client.query("SELECT pg_advisory_lock($1)", [commits]);
    const writing = Promise.all([accounts.made({}), accounts.made({})]);
    await untilWaiting(gateway);
    const polls = reader.polls.length;
    // The first may have begun before.
    await vi.waitFor(() => expect(reader.polls.length).toBeGreaterThan(polls + 1), patience);
    await client.query("SELECT pg_advisory_unlock($1)", [commits]);
    await writing;
  }
}

describe(`8 writers with transactions open for random times (CRM_TEST_SEED=${runSeed})`, () => {
  it("leave a log that rebuilds every table exactly, from zero", async () => {
    const { client } = gateway.fixtures;
    const { rows, links, stages } = await replayLog(client, tenant.uuid);
    for (const entity of logged) {
      const records = [...(rows.get(entity) ?? new Map<string, never>()).values()];
      expect(records.length, entity.name).toBeGreaterThan(0);
      expect(await differences(client, tenant.uuid, entity, records), entity.name).toEqual([]);
    }
    const pairs = [...links].flatMap(([id, ids]) => ids.map((contact) => `${id} ${contact}`));
    const linked = await rowsOf(
      gateway,
      `SELECT deal_id || ' ' || contact_id AS pair FROM deal_contacts WHERE tenant_id = $1
       UNION ALL SELECT activity_id || ' ' || contact_id FROM activity_contacts WHERE tenant_id = $1`,
      tenant.uuid,
    );
    expect(pairs.toSorted()).toEqual(linked.map(({ pair }) => String(pair)).toSorted());
    const changes = await rowsOf(
      gateway,
      "SELECT concat(deal_id, ' ', from_stage, ' ', to_stage, ' ', changed_by) AS step FROM deal_stage_changes WHERE tenant_id = $1",
      tenant.uuid,
    );
    expect(stages.toSorted()).toEqual(changes.map(({ step }) => String(step)).toSorted());
  });

  it("were followed by a reader that missed nothing, got nothing twice, and was never behind a commit", async () => {
    const [stored] = await rowsOf(
      gateway,
      "SELECT max(position)::integer AS last, count(*)::integer AS count FROM change_events WHERE tenant_id = $1",
      tenant.uuid,
    );
    const positions = reader.events.map(({ position }) => position);
    expect(positions).toEqual(positions.map((_, index) => index + 1));
    expect(stored).toEqual({ last: positions.length, count: positions.length });
    for (const { committed, reached } of reader.polls) {
      expect(reached).toBeGreaterThanOrEqual(committed);
    }
    // Where it stopped it had whole transactions.
    for (const { reached } of reader.polls) {
      expect(reached === 0 || reader.events[reached - 1]?.endsTransaction).toBe(true);
    }
  });

  it("left a feed from which a copy is built that equals what the API shows", async () => {
    for (const entity of logged.filter(({ softDelete }) => softDelete)) {
      const fields = mirrored(entity);
      const copies = new Map<string, Record<string, unknown>>();
      for (const event of reader.events.filter(({ type }) => type === entity.type)) {
        const copy = copies.get(event.recordId) ?? {};
        for (const { field, value } of event.changes) copy[field] = value;
        copies.set(event.recordId, { ...copy, version: event.version });
      }
      const shown = await allOf(entity, fields);
      expect(shown.length, entity.name).toBe(copies.size);
      for (const node of shown) {
        const copy = copies.get(String(node["id"])) ?? {};
        const expected = Object.fromEntries(
          ["version", ...fields].map((field) => [field, copy[snakeCase(field)] ?? null]),
        );
        expect({ ...node, id: null }).toEqual({ ...expected, id: null });
      }
    }
  });
});

/** What a copy can hold as it was told: no derived texts, nothing with a shape of its own. */
function mirrored(entity: Entity): string[] {
  const left = new Set([
    "id",
    "tenantId",
    "version",
    "updatedAt",
    "updatedBy",
    "addresses",
    "status",
  ]);
  return Object.entries(entity.fields).flatMap(([field, { generated }]) =>
    generated || left.has(field) ? [] : field,
  );
}

async function allOf(entity: Entity, fields: readonly string[]) {
  const ids = await rowsOf(
    gateway,
    `SELECT id FROM ${entity.table} WHERE tenant_id = $1`,
    tenant.uuid,
  );
  const found: Record<string, unknown>[] = [];
  for (let start = 0; start < ids.length; start += 100) {
    const some = ids.slice(start, start + 100).map(({ id }) => formatId(entity.prefix, String(id)));
    const data = await gateway.data(
      key,
      `query ($ids: [ID!]!) { ${entity.plural}(first: 100, includeDeleted: true, where: { id: { in: $ids } }) { nodes { id version ${fields.join(" ")} } } }`,
      { ids: some },
    );
    const list = data[entity.plural];
    if (typeof list === "object" && list !== null && "nodes" in list && Array.isArray(list.nodes))
      found.push(...list.nodes);
  }
  return found;
}
