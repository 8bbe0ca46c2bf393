import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { exports } from "../../src/rest/export/operations.ts";
import { operations } from "../../src/rest/operations.ts";
import type { TestGateway } from "../support/gateway/gateway.ts";
import { leakGateway, makeSide, scopedKey, type Side } from "../support/leaks/world.ts";
import { ours, theirs, type Swap } from "../support/leaks/marks.ts";
import { inTurn } from "../support/leaks/requests.ts";
import { dumpOf, swapFor } from "../support/leaks/worlds.ts";
import {
  exportProbes,
  readProbes,
  readShown,
  sendProbe,
  toAbsent,
  toTheirs,
  writeProbes,
  type Asker,
  type RestProbe,
  type RestReply,
  type Shown,
} from "../support/leaks/rest-probes.ts";
import { isLong, someOf } from "../support/run/run-length.ts";
import { TenantCopies, type TenantCopy } from "../support/samples/tenant-copies.ts";

// Thousands of requests, on a machine that may be busy with other tests.
vi.setConfig({ hookTimeout: 600_000, testTimeout: 600_000 });

let gateway: TestGateway;
let us: Side;
let them: Side;
let asker: Asker;
let owner: Asker;
let swap: Swap;
let copies: TenantCopies;
let ownShown: Shown;
let theirShown: Shown;
let every: readonly RestProbe[];
/** Of these so many of each operation as the run has time for. */
let reads: readonly RestProbe[];
/** What the tenant that asks was told, with their values. */
let told: readonly RestReply[];

const askerOf = ({ graph, key }: Side): Asker => ({ key, organization: graph.tenant.uuid });

beforeAll(async () => {
  gateway = await leakGateway();
  us = await makeSide(gateway, ours);
  them = await makeSide(gateway, theirs);
  [asker, owner] = [askerOf(us), askerOf(them)];
  swap = await swapFor(gateway, them.graph);
  copies = await TenantCopies.of(gateway.fixtures.client, us.graph.tenant);
  ownShown = await readShown(gateway, asker);
  theirShown = await readShown(gateway, owner);
  const lists = readProbes(theirShown);
  every = [...lists, ...exportProbes(lists)];
  reads = [...Map.groupBy(every, ({ operation }) => operation.id)]
    .map(([id, all]) => someOf(all, id))
    .flatMap((some) => some.filter((_, place) => isLong || place % 2 === 0));
  told = await answers(asker, reads);
});
afterAll(() => gateway.close());

async function answers(who: Asker, probes: readonly RestProbe[]): Promise<RestReply[]> {
  const replies: RestReply[] = [];
  const ask = async ([place, probe]: [number, RestProbe]) => {
    let reply = await sendProbe(gateway, who, probe);
    // On a busy machine the place of the export before may not be free yet.
    while (reply.status === 429) {
      await sleep(20);
      reply = await sendProbe(gateway, who, probe);
    }
    replies[place] = reply;
  };
  const isExport = ([, { operation }]: [number, RestProbe]) => operation.verb === "export";
  const all = [...probes.entries()];
  // A tenant has one export at once.
  await Promise.all([
    inTurn(all.filter(isExport), 1, ask),
    inTurn(
      all.filter((one) => !isExport(one)),
      8,
      ask,
    ),
  ]);
  return replies;
}

const givenIn = ({ id, params, headers, body }: RestProbe): string =>
  JSON.stringify({ id, params, headers, body });

/** Requests that were not answered the same, with both answers. */
function differing(
  probes: readonly RestProbe[],
  left: readonly RestReply[],
  right: readonly RestReply[],
) {
  return probes.flatMap((probe, place) => {
    const [one, other] = [left[place], right[place]];
    return JSON.stringify(one) === JSON.stringify(other)
      ? []
      : [{ operation: probe.operation.id, asked: givenIn(probe).slice(0, 500), one, other }];
  });
}

/** What of theirs was told to whom it is not. */
const leaksIn = (probes: readonly RestProbe[], replies: readonly RestReply[]) =>
  probes.flatMap((probe, place) => {
    const reply = replies[place];
    // A cursor holds values in base64, and comes back in no answer.
    const found = swap.leaked(`${reply?.headers} ${reply?.text}`, givenIn(probe));
    return found.length === 0 ? [] : [{ asked: probe.operation.id, found }];
  });

describe("another tenant's ids, values and cursors over REST", () => {
  it("are in the requests of every operation that reads", () => {
    const asked = new Set(reads.map(({ operation }) => operation.id));
    const reading = operations.filter(({ method }) => method === "GET");
    expect([...asked]).toEqual([...reading, ...exports].map(({ id }) => id));
    expect(every.length).toBeGreaterThan(1_000);
  });

  it("answer as ids, values and cursors that nobody has: status, headers and body", async () => {
    const absent = reads.map((probe) => toAbsent(swap, probe));
    const back = (await answers(asker, absent)).map((reply) => toTheirs(swap, reply));
    expect(differing(reads, told, back)).toEqual([]);
  });

  it("are in no answer, but for what was sent", () => {
    expect(leaksIn(reads, told)).toEqual([]);
  });

  it("are mostly understood, and found by their owner, so that not finding them means something", async () => {
    const understood = told.filter(({ status }) => status === 200 || status === 404);
    expect(understood.length).toBeGreaterThan(reads.length * (isLong ? 0.7 : 0.5));
    const exact = every
      .filter(
        ({ operation, params }) =>
          operation.verb === "get" || Object.keys(params).some((name) => name.endsWith("[eq]")),
      )
      // Not by chance, which may take few of them.
      .filter((_, place) => isLong || place % 20 === 0);
    expect(exact.length).toBeGreaterThan(20);
    const missed = (await answers(owner, exact)).filter(
      ({ status, text, headers }) =>
        status === 404 || text.includes('"count":0') || headers.includes("x-rows: 0"),
    );
    expect(missed).toEqual([]);
  });

  it("answer the same without the fence in the database: every statement keeps to its tenant", async () => {
    const { client } = gateway.fixtures;
    const change = async (what: "DISABLE" | "ENABLE") => {
      const { rows } = await client.query<{ text: string }>(
        `SELECT string_agg(format('ALTER TABLE %s ${what} ROW LEVEL SECURITY', oid::regclass), '; ') AS text
         FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
           AND EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid)`,
      );
      await client.query(rows[0]?.text ?? "");
    };
    await change("DISABLE");
    try {
      expect(differing(reads, await answers(asker, reads), told)).toEqual([]);
    } finally {
      await change("ENABLE");
    }
  });
});

describe("a credential that was issued for an application", () => {
  it("is answered about other applications' records as about what nobody has", async () => {
    const key = await scopedKey(gateway, them.graph.tenant.slug, ["*"]);
    await gateway.fixtures.client.query("UPDATE api_keys SET app_id = 'app-1' WHERE id = $1", [
      key.split("_")[2],
    ]);
    const bound = { key, organization: owner.organization };
    // What is unique is so in the whole tenant: a creation may meet it, and then says no more than that.
    const changes = writeProbes(theirShown, theirShown).filter(
      ({ operation }) => operation.verb === "update" || operation.verb === "delete",
    );
    const tried = [...Map.groupBy(changes, ({ operation }) => operation.id)].flatMap(([id, all]) =>
      someOf(all, id),
    );
    const asked = reads.filter((_, place) => isLong || place % 3 === 0);
    // The organization is the credential's own, and stays what it is.
    const some = [...asked, ...tried].filter(
      (probe) => !givenIn(probe).includes(owner.organization),
    );
    const toldIt = await answers(bound, some);
    const absent = some.map((probe) => toAbsent(swap, probe));
    const back = (await answers(bound, absent)).map((reply) => toTheirs(swap, reply));
    expect(differing(some, toldIt, back)).toEqual([]);
    expect(leaksIn(some, toldIt)).toEqual([]);
  });

  it("is told of a unique value of another application's that there is one, and not whose", async () => {
    const key = await scopedKey(gateway, them.graph.tenant.slug, ["*"]);
    await gateway.fixtures.client.query("UPDATE api_keys SET app_id = 'app-2' WHERE id = $1", [
      key.split("_")[2],
    ]);
    const bound = { key, organization: owner.organization };
    const create = operations.find(({ id }) => id === "createAccount");
    if (create === undefined) throw new Error("there is no such operation");
    const [record] = theirShown.records.get(create.resource) ?? [];
    const probe = {
      operation: create,
      id: "",
      params: {},
      headers: {},
      body: { email: record?.["email"] },
    };
    const { status, text } = await sendProbe(gateway, bound, probe);
    expect([status, JSON.parse(text)]).toEqual([
      409,
      { error: expect.any(String), field: "email", existing: null },
    ]);
    expect(swap.leaked(text, givenIn(probe))).toEqual([]);
  });
});

describe("a place that is another tenant's", () => {
  it.each(["x-organization-id", "x-department-id"])(
    "is answered as one that nobody has: %s",
    async (header) => {
      const place =
        header === "x-organization-id"
          ? owner.organization
          : (them.graph.records["department"]?.[0]?.uuid ?? "");
      const probes = [...reads.slice(0, 5), ...writeProbes(ownShown, theirShown).slice(0, 5)].map(
        (probe): RestProbe => ({ ...probe, headers: { [header]: place } }),
      );
      const here = await answers(asker, probes);
      const absent = probes.map((probe) => toAbsent(swap, probe));
      const back = (await answers(asker, absent)).map((reply) => toTheirs(swap, reply));
      expect(differing(probes, here, back)).toEqual([]);
      expect(new Set(here.map(({ status }) => status))).toEqual(new Set([403]));
    },
  );
});

describe("a write with another tenant's ids and values", () => {
  const writing = operations.filter(({ method }) => method !== "GET").map(({ id }) => id);

  /** What was sent to a copy of the tenant, in turn, is answered with ids that are comparable. */
  async function write(copy: TenantCopy, probes: readonly RestProbe[]): Promise<RestReply[]> {
    const replies: RestReply[] = [];
    const who = { key: copy.key, organization: copy.uuid };
    for (const probe of probes) replies.push(await sendProbe(gateway, who, probe));
    return replies;
  }

  /** With what is made up anew left out, and without whose copy it is. */
  function comparable(copy: TenantCopy, { status, headers, text }: RestReply): RestReply {
    const printed = (part: string) =>
      copies.comparable(
        swap.toTheirs(part).replaceAll(copy.uuid, "<tenant>").replaceAll(copy.keyId, "<key>"),
      );
    return { status, headers: printed(headers), text: printed(text) };
  }

  it.each(writing)("%s answers and writes as with what nobody has", async (operation) => {
    const before = await dumpOf(gateway, them.graph.tenant);
    const probes = writeProbes(ownShown, theirShown).filter(
      (one) => one.operation.id === operation,
    );
    expect(probes.length).toBeGreaterThan(2);
    const [left, right] = [await copies.make(), await copies.make()];
    const [given, absent] = await Promise.all([
      write(left, probes),
      write(
        right,
        probes.map((probe) => toAbsent(swap, probe)),
      ),
    ]);
    // Deletions are of theirs only. All else is carried out too, so that refusals do not hide what writing would tell.
    const statuses = given.map(({ status }) => status);
    expect(statuses.some((status) => status < 300)).toBe(!operation.startsWith("delete"));
    const toldOf = (copy: TenantCopy, replies: readonly RestReply[]) =>
      replies.map((reply) => comparable(copy, reply));
    expect(differing(probes, toldOf(left, given), toldOf(right, absent))).toEqual([]);
    // What was written before is the tenant's own, and told with the record.
    const sent = JSON.stringify(probes.map(givenIn));
    expect(given.flatMap(({ text, headers }) => swap.leaked(`${headers} ${text}`, sent))).toEqual(
      [],
    );
    expect(await dumpOf(gateway, them.graph.tenant)).toEqual(before);
  });
});
