import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { casesOf } from "../../support/run/run-length.ts";
import { leakWorld, scopedKey, type LeakWorld } from "../../support/leaks/world.ts";
import { documentOf } from "../../support/leaks/calls.ts";
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
import { scopesTouched } from "../../support/leaks/touches.ts";

// Thousands of requests, on a machine that may be busy with other tests.
vi.setConfig({ hookTimeout: 600_000, testTimeout: 600_000 });

let world: LeakWorld;
let probes: readonly Probe[];
/** What an application without records is told by the tenant whose values it asks with. */
let told: readonly Reply[];
let key: string;

beforeAll(async () => {
  world = await leakWorld();
  const { gateway, theirs } = world;
  key = await scopedKey(gateway, theirs.graph.tenant.slug, ["*"]);
  await gateway.fixtures.client.query("UPDATE api_keys SET app_id = 'zz-app' WHERE id = $1", [
    key.split("_")[2],
  ]);
  // Departments, keys and picklists are the tenant's, and no application's.
  const shared = /read:(tenant|keys)/;
  probes = bundled(
    distinct([...world.plain, ...world.valued]).filter(
      (call) =>
        !["viewer", "picklists"].includes(call.name) &&
        !shared.test(scopesTouched(documentOf([call])).join()),
    ),
  );
  told = await replies(gateway, key, documentsOf(probes));
});
afterAll(() => world.gateway.close());

describe("a credential that was issued for an application", () => {
  it("is answered about other applications' records as about what nobody has", async () => {
    const absent = documentsOf(probes).map((document) => world.swap.toAbsent(document));
    const answered = await replies(world.gateway, key, absent);
    const back = answered.map((reply) => ({ ...reply, body: world.swap.toTheirs(reply.body) }));
    expect(differing(probes, told, back)).toEqual([]);
  });

  it("sees nothing of them", () => {
    expect(probes.length).toBeGreaterThan(casesOf(100));
    expect(told.filter(({ body }) => body.includes('"errors":['))).toEqual([]);
    const leaks = probes.flatMap((probe, index) => {
      const given = JSON.stringify(probe.document.variables);
      const found = world.swap.leaked(told[index]?.body ?? "", given);
      return found.length === 0 ? [] : [{ asked: namesOf(probe), found }];
    });
    expect(leaks).toEqual([]);
  });
});
