import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { TestGateway } from "../../support/gateway/gateway.ts";
import { leakGateway, makeSide } from "../../support/leaks/world.ts";
import { ours, theirs } from "../../support/leaks/marks.ts";
import { distinct, listCalls, plainCalls, valueCalls } from "../../support/leaks/reads.ts";
import { bundled, differing, documentsOf, replies } from "../../support/leaks/requests.ts";
import { isLong, someOf } from "../../support/run/run-length.ts";
import { Values } from "../../support/leaks/values.ts";
import { TenantCopies } from "../../support/samples/tenant-copies.ts";

// Thousands of requests, on a machine that may be busy with other tests.
vi.setConfig({ hookTimeout: 600_000, testTimeout: 600_000 });

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await leakGateway({ compare: isLong });
});
afterAll(() => gateway.close());

/** So many that share a value make it count for little in finding duplicates. */
const crowd = 21;

it("tenants with the same ids and values change nothing that a tenant is told: no count, score, order or group", async () => {
  const { graph, key } = await makeSide(gateway, ours);
  const own = valueCalls(await Values.read(gateway, key, listCalls()));
  const probes = bundled(someOf([...plainCalls(), ...distinct(own)]));
  const alone = await replies(gateway, key, documentsOf(probes));
  expect(alone.filter(({ body }) => body.includes('"errors":['))).toEqual([]);
  await makeSide(gateway, theirs);
  const copies = await TenantCopies.of(gateway.fixtures.client, graph.tenant);
  for (let count = 0; count < crowd; count += 1) await copies.make();
  expect(differing(probes, await replies(gateway, key, documentsOf(probes)), alone)).toEqual([]);
});
