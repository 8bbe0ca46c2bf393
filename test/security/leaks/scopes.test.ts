import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { leakWorld, scopedKey, type LeakWorld } from "../../support/leaks/world.ts";
import { changeRows } from "../../support/leaks/changes.ts";
import { documentOf, type Call } from "../../support/leaks/calls.ts";
import { payloadDocuments } from "../../support/leaks/payloads.ts";
import { distinct } from "../../support/leaks/reads.ts";
import {
  bundled,
  differing,
  documentsOf,
  namesOf,
  replies,
  type Probe,
  type Reply,
} from "../../support/leaks/requests.ts";
import { readScopes, scopesTouched } from "../../support/leaks/touches.ts";
import { casesOf, someOf } from "../../support/run/run-length.ts";
import { dumpOf } from "../../support/leaks/worlds.ts";

// Thousands of requests, on a machine that may be busy with other tests.
vi.setConfig({ hookTimeout: 600_000, testTimeout: 600_000 });

const scopes = [...new Set(Object.values(readScopes))];
let world: LeakWorld;
/** Each request reaches records of the same kinds with all that it asks. */
let probes: readonly (Probe & { readonly touched: readonly string[] })[];
/** The scopes of a key, in one text → the key. */
const keys = new Map<string, string>();
let nothing: string;
let calls: readonly Call[];
/** What a key with all scopes is told. */
let whole: readonly Reply[];

beforeAll(async () => {
  world = await leakWorld();
  const { slug } = world.ours.graph.tenant;
  nothing = await scopedKey(world.gateway, slug, ["write:*"]);
  // `viewer` tells of the key itself, with its scopes.
  const webhooks = { name: "webhooks", steps: [{ field: "webhooks" }], selection: "id" };
  const imports = { name: "imports", steps: [{ field: "imports" }], selection: "nodes { id }" };
  const apiKeys = { name: "apiKeys", steps: [{ field: "apiKeys" }], selection: "nodes { id }" };
  calls = distinct([...world.plain, ...world.valued, webhooks, imports, apiKeys]).filter(
    ({ name }) => name !== "viewer",
  );
  const byScopes = Map.groupBy(calls, (call) => scopesTouched(documentOf([call])).join(" "));
  probes = [...byScopes].flatMap(([touched, some]) =>
    bundled(some).map((probe) => ({ ...probe, touched: touched === "" ? [] : touched.split(" ") })),
  );
  const allBut = scopes.map((scope) => scopes.filter((one) => one !== scope).join(" "));
  for (const held of new Set([...byScopes.keys(), ...allBut])) {
    keys.set(held, await scopedKey(world.gateway, slug, ["write:*", ...held.split(" ")]));
  }
});
afterAll(() => world.gateway.close());

const keyWithout = (scope: string): string =>
  keys.get(scopes.filter((one) => one !== scope).join(" ")) ?? "";

/** What a refusal says is missing; null when it is none, or says more than that. */
function missingIn({ status, body }: Reply): readonly string[] | null {
  const answer: unknown = JSON.parse(body);
  if (status !== 403 || typeof answer !== "object" || answer === null) return null;
  if ("data" in answer || !("errors" in answer) || !Array.isArray(answer.errors)) return null;
  const { code, missingScopes } = answer.errors[0].extensions;
  return code === "FORBIDDEN" && answer.errors.length === 1 ? missingScopes.toSorted() : null;
}

describe("without a read scope", () => {
  it("every field, argument, filter and order is refused with all that it reaches, and nothing is read", async () => {
    const documents = calls.map((call) => documentOf([call]));
    world.gateway.statements.clear();
    const refusals = await replies(world.gateway, nothing, documents);
    expect(world.gateway.statements.all()).toEqual([]);
    const wrong = documents.flatMap((document, index) => {
      const touched = scopesTouched(document);
      const [call, refusal] = [calls[index], refusals[index]];
      if (call === undefined || refusal === undefined) throw new Error("no answer");
      const missing = touched.length === 0 ? touched : missingIn(refusal);
      const isRight = JSON.stringify(missing) === JSON.stringify(touched);
      return isRight ? [] : [{ asked: call.name, touched, missing, refusal }];
    });
    expect(wrong).toEqual([]);
  });

  it("what a payload shows is refused as well, and nothing is written", async () => {
    const documents = someOf(payloadDocuments(world.values));
    const before = await dumpOf(world.gateway, world.ours.graph.tenant);
    world.gateway.statements.clear();
    const refusals = await replies(world.gateway, nothing, documents);
    expect(world.gateway.statements.all()).toEqual([]);
    const told = refusals.map((refusal, index) => ({
      asked: documents[index]?.query,
      missing: missingIn(refusal),
    }));
    expect(told).toEqual(
      documents.map((document) => ({ asked: document.query, missing: scopesTouched(document) })),
    );
    expect(told.length).toBeGreaterThan(casesOf(600));
    expect(await dumpOf(world.gateway, world.ours.graph.tenant)).toEqual(before);
  });
});

describe("with every other scope", () => {
  it.each(scopes)("nothing that %s opens is reached", async (scope) => {
    const reaching = probes.filter(({ touched }) => touched.includes(scope));
    // Few fields read webhooks, imports and keys: chance may leave one of them to a short run.
    const isRare = /webhooks|imports|keys/.test(scope);
    expect(reaching.length).toBeGreaterThan(isRare ? 0 : casesOf(10));
    world.gateway.statements.clear();
    const refusals = await replies(world.gateway, keyWithout(scope), documentsOf(reaching));
    expect(world.gateway.statements.all()).toEqual([]);
    const answered = reaching.filter((_probe, index) => {
      const refusal = refusals[index];
      return refusal === undefined || JSON.stringify(missingIn(refusal)) !== `["${scope}"]`;
    });
    expect(answered.map(namesOf)).toEqual([]);
  });
});

describe("with only the scopes of what is asked", () => {
  // Streams read a little longer than their clients: no statement of theirs may be taken for one of what is refused.
  beforeAll(async () => {
    whole = await replies(world.gateway, world.ours.key, documentsOf(probes));
  });

  // What writing one kind moves in another (a quote's total by its lines, an account's last activity, the activity's
  // account by the deal's) is the other's own data, in its own columns: told by the other's scope.
  it("every field, argument, filter and order is answered as with all, whatever becomes of all else", async () => {
    const { gateway, ours } = world;
    const groups = Map.groupBy(probes.keys(), (place) => probes[place]?.touched.join(" ") ?? "");
    for (const [touched, places] of groups) {
      const held = touched.split(" ");
      const rest = scopes.filter((scope) => !held.includes(scope));
      // What reaches everything leaves nothing else.
      if (rest.length === 0) continue;
      // A webhook tells how many events of the log it has not read, of all kinds.
      const counts = (body: string): string => body.replaceAll(/"unread":\d+/g, '"unread":0');
      const some = places.flatMap((place) => probes[place] ?? []);
      const alike = (reply: Reply): Reply => ({ ...reply, body: counts(reply.body) });
      const usual = places.flatMap((place) => whole[place] ?? []).map(alike);
      const undo = await changeRows(gateway.fixtures.client, ours.graph.tenant, rest);
      const told = await replies(gateway, keys.get(touched) ?? "", documentsOf(some));
      await undo();
      expect(differing(some, told.map(alike), usual), touched).toEqual([]);
    }
    expect(groups.size).toBeGreaterThan(casesOf(20));
  });

  it("what becomes of it is seen by who has the scopes", async () => {
    const { gateway, ours } = world;
    const undo = await changeRows(gateway.fixtures.client, ours.graph.tenant, scopes);
    const seen = await replies(gateway, ours.key, documentsOf(probes));
    await undo();
    expect(differing(probes, seen, whole).length).toBeGreaterThan(probes.length / 3);
    // Streams share what they read, so one that is not over yet may still give what it read before.
    const left = async () =>
      differing(probes, await replies(gateway, ours.key, documentsOf(probes)), whole);
    await expect.poll(left).toEqual([]);
  });
});
