import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { TestGateway } from "../../support/gateway.ts";
import { leakGateway, makeSide } from "../../support/leak-world.ts";
import { ours, theirs } from "../../support/probe-marks.ts";
import { distinct, listCalls, plainCalls, valueCalls } from "../../support/probe-reads.ts";
import { bundled, differing, documentsOf, replies } from "../../support/probe-requests.ts";
import { someOf } from "../../support/run-length.ts";
import { Values } from "../../support/probe-values.ts";
import { TenantCopies } from "../../support/tenant-copies.ts";

// Thousands of requests, on a machine that may be busy with other tests.
vi.setConfig({ hookTimeout: 600_000, testTimeout: 600_000 });

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await leakGateway();
});
afterAll(() => gateway.close());

/** So many that share a value make it count for little in finding duplicates. */
const crowd = 21;

it("tenants with the same ids and values change nothing that a tenant is told: no count, score, order or group", async () => {
  const { graph, key } = await makeSide(gateway, ours);
  const own = valueCalls(await Values.read(gateway, key, listCalls()));
  const probes = bundled(someOf([...plainCalls(), ...distinct(own)]));
  const alone = await replies(gateway, key, documentsOf(probes));
  expect(alone.filter(({ body }) => body.includes('"errors"'))).toEqual([]);
  await makeSide(gateway, theirs);
  const copies = await TenantCopies.of(gateway.fixtures.client, graph.tenant);
  for (let count = 0; count < crowd; count += 1) await copies.make();
  expect(differing(probes, await replies(gateway, key, documentsOf(probes)), alone)).toEqual([]);
});
