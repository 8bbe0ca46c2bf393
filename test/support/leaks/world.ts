import { startGateway, type TestGateway } from "../gateway/gateway.ts";
import { ours, theirs, type Mark, type Swap } from "./marks.ts";
import { addLastEvents } from "./last-events.ts";
import { endingCalls, liveCalls, plainLiveCalls } from "./live.ts";
import { listCalls, plainCalls, valueCalls } from "./reads.ts";
import type { Call } from "./calls.ts";
import { someOf } from "../run/run-length.ts";
import { Values } from "./values.ts";
import { fillTenant, swapFor } from "./worlds.ts";
import { completeTenant, type Graph } from "../samples/two-tenants.ts";

/** One of two tenants that have everything, each with values that no other has. */
export type Side = { readonly graph: Graph; readonly key: string };

export type LeakWorld = {
  readonly gateway: TestGateway;
  /** The tenant that asks. */
  readonly ours: Side;
  /** The tenant whose records and values it asks about. */
  readonly theirs: Side;
  readonly swap: Swap;
  readonly values: Values;
  /** Every field without arguments, and every argument with their values: of queries and of subscriptions. */
  readonly every: readonly Call[];
  /** Of these so many as the run has time for. */
  readonly plain: readonly Call[];
  readonly valued: readonly Call[];
};

/** What is asked at once here is more than a client may ask: the limits are other tests' business. */
const env = {
  MAX_ALIASES: "999999999",
  MAX_COST: "999999999",
  MAX_DOCUMENT_BYTES: "999999999",
  MAX_FIELDS: "999999999",
  MAX_TOKENS: "999999999",
};

/** A gateway with far fewer connections than requests in flight, so that those take turns on each. */
export function leakGateway(options: { readonly compare?: boolean } = {}): Promise<TestGateway> {
  return startGateway({ maxConnections: 5, env, ...options });
}

/** Starts a gateway with two tenants, and makes the calls that are to tell nothing of the one to the other. */
export async function leakWorld(options: { readonly compare?: boolean } = {}): Promise<LeakWorld> {
  const gateway = await leakGateway(options);
  const asking = await makeSide(gateway, ours);
  const asked = await makeSide(gateway, theirs);
  const values = await Values.read(gateway, asked.key, listCalls());
  const [plain, valued] = [plainCalls(), valueCalls(values)];
  const [plainLive, valuedLive] = [plainLiveCalls(), liveCalls(values)];
  const swap = await swapFor(gateway, asked.graph);
  // The same for both, so that they are nobody's.
  for (const { graph } of [asking, asked]) await addLastEvents(gateway, graph);
  return {
    gateway,
    ours: asking,
    theirs: asked,
    swap,
    values,
    every: [...plain, ...valued, ...plainLive, ...valuedLive, ...endingCalls(values)],
    plain: [...someOf(plain), ...someOf(plainLive)],
    valued: [...someOf(valued), ...someOf(valuedLive)],
  };
}

/** A tenant with one of everything, named by its mark, and a key that may do everything. */
export async function makeSide(gateway: TestGateway, mark: Mark): Promise<Side> {
  const graph = await completeTenant(gateway.fixtures, mark.word);
  const key = await gateway.keyFor(mark.word);
  await fillTenant(gateway, graph, mark);
  // Filled as all others, the key would be revoked and an application's.
  await gateway.fixtures.client.query(
    "UPDATE api_keys SET revoked_at = NULL, app_id = NULL WHERE id = $1",
    [key.split("_")[2]],
  );
  return { graph, key };
}

/** A key with some scopes, and a quota that no test comes near; when it is used is not noted, so its record stays. */
export async function scopedKey(
  gateway: TestGateway,
  slug: string,
  scopes: readonly string[],
): Promise<string> {
  const key = await gateway.keyFor(slug, scopes);
  await gateway.fixtures.client.query(
    "UPDATE api_keys SET requests_per_minute = 100000000, last_used_at = '2099-01-01' WHERE id = $1",
    [key.split("_")[2]],
  );
  return key;
}
