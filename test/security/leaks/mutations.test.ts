import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { leakWorld, type LeakWorld } from "../../support/leaks/world.ts";
import { Mutations, mutationFields } from "../../support/leaks/mutations.ts";
import { listCalls } from "../../support/leaks/reads.ts";
import { bundled, inTurn, reply, type Reply } from "../../support/leaks/requests.ts";
import { Coverage, type Document } from "../../support/leaks/schema.ts";
import { Values } from "../../support/leaks/values.ts";
import { dumpOf } from "../../support/leaks/worlds.ts";
import { isLong, someOf } from "../../support/run/run-length.ts";
import { TenantCopies, type TenantCopy } from "../../support/samples/tenant-copies.ts";

// Thousands of requests, on a machine that may be busy with other tests.
vi.setConfig({ hookTimeout: 600_000, testTimeout: 600_000 });

/** What was sent to one copy of the tenant, in turn, and answered. */
type Written = { readonly copy: TenantCopy; readonly sent: readonly Document[]; answers: Reply[] };

let world: LeakWorld;
let copies: TenantCopies;
const coverage = new Coverage();
/** Mutation → what it was sent with another tenant's values, and with what nobody has: each to a copy of its own. */
const written = new Map<string, { readonly theirs: Written; readonly absent: Written }>();
let before: readonly string[];

beforeAll(async () => {
  world = await leakWorld();
  copies = await TenantCopies.of(world.gateway.fixtures.client, world.ours.graph.tenant);
  const own = await Values.read(world.gateway, world.ours.key, listCalls());
  const mutations = new Mutations(own, world.values);
  for (const field of mutationFields()) {
    const all = mutations.of(field);
    all.forEach((document) => coverage.add(document));
    const sent = someOf(all, field.name);
    const absent = sent.map((document) => world.swap.toAbsent(document));
    written.set(field.name, {
      theirs: { copy: await copies.make(), sent, answers: [] },
      absent: { copy: await copies.make(), sent: absent, answers: [] },
    });
  }
  before = await dumpOf(world.gateway, world.theirs.graph.tenant);
  // Each copy is written to in turn, several copies at once.
  await inTurn([...written.values()].flatMap(Object.values), 6, async (one: Written) => {
    for (const document of one.sent) {
      one.answers.push(await reply(world.gateway, one.copy.key, document));
    }
  });
});
afterAll(() => world.gateway.close());

function writtenBy(name: string): { readonly theirs: Written; readonly absent: Written } {
  const found = written.get(name);
  if (found === undefined) throw new Error(`${name} was not sent`);
  return found;
}

/** What was written and answered, with what is made up anew left out. */
const comparable = (text: string): string => copies.comparable(world.swap.toTheirs(text));

/** The rows of a copy but for its own name and keys, whatever their new ids. */
async function rowsOf({ copy }: Written): Promise<readonly string[]> {
  const rows = await dumpOf(world.gateway, copy);
  return rows
    .filter((row) => !/^(tenants|api_keys) /.test(row))
    .map((row) => comparable(row).replaceAll(/<id \d+>/g, "<id>"))
    .map((row) => row.replace(/"transaction_id": \d+/, ""))
    .toSorted();
}

it("every coordinate of the schema is asked for: a new one is in the probes by itself, or fails here", () => {
  for (const { document } of bundled(world.every)) coverage.add(document);
  expect(coverage.missing()).toEqual([]);
});

describe("a mutation with another tenant's ids and values", () => {
  it.each(mutationFields().map(({ name }) => name))(
    "%s answers and writes as with what nobody has",
    async (name) => {
      const { theirs, absent } = writtenBy(name);
      const toldOf = ({ answers }: Written) =>
        answers.map((answer, index) => ({
          sent: theirs.sent[index]?.variables,
          told: { ...answer, body: comparable(answer.body) },
        }));
      expect(toldOf(theirs)).toEqual(toldOf(absent));
      expect(await rowsOf(theirs)).toEqual(await rowsOf(absent));
      // What was written before is the tenant's own, and told with every record.
      const given = JSON.stringify(theirs.sent);
      const leaks = theirs.answers.flatMap(({ body }) => world.swap.leaked(body, given));
      expect(leaks).toEqual([]);
    },
  );

  it("meets no unique value of the other's", () => {
    const bodies = [...written.values()].flatMap(({ theirs }) => theirs.answers);
    expect(bodies.filter(({ body }) => body.includes('"DUPLICATE"'))).toEqual([]);
  });

  it("is mostly carried out, so that refusals do not hide what writing would tell", () => {
    const bodies = [...written.values()].flatMap(({ theirs }) => theirs.answers);
    expect(bodies.filter(({ body }) => /"errors":\[|"INTERNAL"/.test(body))).toEqual([]);
    const good = bodies.filter(({ body }) => body.includes('"userErrors":[]'));
    // The first and the last of each, which a short run never leaves out, are refused more often.
    expect(good.length).toBeGreaterThan(bodies.length * (isLong ? 0.6 : 0.3));
  });

  it("leaves every row of the other tenant as it was", async () => {
    expect(await dumpOf(world.gateway, world.theirs.graph.tenant)).toEqual(before);
  });
});
