import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { at } from "../../support/gateway/gateway.ts";
import { leakWorld, type LeakWorld } from "../../support/leaks/world.ts";
import {
  bundled,
  differing,
  documentsOf,
  namesOf,
  replies,
  shuffled,
  type Probe,
  type Reply,
} from "../../support/leaks/requests.ts";
import { casesOf } from "../../support/run/run-length.ts";

// Thousands of requests, on a machine that may be busy with other tests.
vi.setConfig({ hookTimeout: 600_000, testTimeout: 600_000 });

let world: LeakWorld;
let probes: readonly Probe[];
/** What the tenant that asks was told while nobody else asked. */
let quiet: readonly Reply[];

beforeAll(async () => {
  world = await leakWorld();
  probes = bundled([...world.plain, ...world.valued]);
  quiet = await replies(world.gateway, world.ours.key, documentsOf(probes));
});
afterAll(() => world.gateway.close());

describe("another tenant's ids, values and cursors", () => {
  it("answer as ids, values and cursors that nobody has, in every argument of every field", async () => {
    const { gateway, ours, swap } = world;
    const absent = documentsOf(probes).map((document) => swap.toAbsent(document));
    // What says nothing of theirs needs no second answer.
    const telling = probes.flatMap((probe, index) => {
      const [document, reply] = [absent[index], quiet[index]];
      const isSame = JSON.stringify(document) === JSON.stringify(probe.document);
      return isSame || document === undefined || reply === undefined
        ? []
        : [{ probe, document, reply }];
    });
    expect(telling.length).toBeGreaterThan(casesOf(200));
    const answered = await replies(
      gateway,
      ours.key,
      telling.map(({ document }) => document),
    );
    const back = answered.map((reply) => ({ ...reply, body: swap.toTheirs(reply.body) }));
    const told = telling.map(({ reply }) => reply);
    expect(
      differing(
        telling.map(({ probe }) => probe),
        told,
        back,
      ),
    ).toEqual([]);
  });

  it("are in no answer, but for what was sent", () => {
    const leaks = probes.flatMap((probe, index) => {
      const found = world.swap.leaked(
        quiet[index]?.body ?? "",
        JSON.stringify(probe.document.variables),
      );
      return found.length === 0 ? [] : [{ asked: namesOf(probe), found }];
    });
    expect(leaks).toEqual([]);
  });

  it("are all understood, so that no refusal hides what an answer would tell", () => {
    expect(quiet.filter(({ body }) => body.includes('"errors":['))).toEqual([]);
  });

  it("are found by their owner, so that not finding them means something", async () => {
    const finding = bundled(world.valued.filter(({ finds }) => finds));
    const answers = await replies(world.gateway, world.theirs.key, documentsOf(finding));
    const missed = finding.flatMap(({ calls }, index) => {
      const data: unknown = JSON.parse(answers[index]?.body ?? "");
      return calls.filter((_call, place) => isEmpty(at(data, "data", `c${place}`)));
    });
    expect(missed.map(({ name }) => name)).toEqual([]);
  });
});

/** Whether an answer tells of no record. */
function isEmpty(answer: unknown): boolean {
  if (answer === null) return true;
  if (Array.isArray(answer)) return answer.every(isEmpty);
  if (typeof answer !== "object") return false;
  if ("totalCount" in answer) return answer.totalCount === 0;
  return "count" in answer && answer.count === 0;
}

describe("requests of two tenants at once, many more than there are connections", () => {
  it.each([1, 2].slice(0, casesOf(2)))(
    "are each answered as when nobody else asks: round %i",
    async (round) => {
      const { gateway, ours, theirs } = world;
      // Pages of pairs end by the clock, and so may hold fewer when the machine is busy.
      const places = shuffled(
        [...probes.keys()].filter(
          (place) => !/duplicate(Accounts|Contacts)/.test(probes[place]?.document.query ?? ""),
        ),
        round,
      ).slice(0, 80);
      const some = places.flatMap((place) => probes[place] ?? []);
      const ourQuiet = places.flatMap((place) => quiet[place] ?? []);
      const theirQuiet = await replies(gateway, theirs.key, documentsOf(some));
      const order = shuffled([...some.keys()], round + 7);
      const mixed = order.flatMap((place) => some[place] ?? []);
      const [told, toldThem] = await Promise.all([
        replies(gateway, ours.key, documentsOf(some), 24),
        replies(gateway, theirs.key, documentsOf(mixed), 24),
      ]);
      expect(differing(some, told, ourQuiet)).toEqual([]);
      expect(
        differing(
          mixed,
          toldThem,
          order.flatMap((place) => theirQuiet[place] ?? []),
        ),
      ).toEqual([]);
    },
  );
});

describe("without the fence in the database", () => {
  it("every statement keeps to its tenant by itself", async () => {
    const { gateway, ours } = world;
    const { client } = gateway.fixtures;
    const { rows } = await client.query<{ text: string }>(
      `SELECT string_agg(format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', oid::regclass), '; ') AS text
       FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relrowsecurity`,
    );
    await client.query(rows[0]?.text ?? "");
    const bare = await replies(gateway, ours.key, documentsOf(probes));
    expect(differing(probes, bare, quiet)).toEqual([]);
  });
});
