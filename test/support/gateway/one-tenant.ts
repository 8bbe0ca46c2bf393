import { restClient, type RestClient } from "../rest/client.ts";
import type { TenantFixtures } from "../samples/fixtures.ts";
import { Writes } from "../writes/writes.ts";
import { startGateway, type TestGateway, type TestGatewayOptions } from "./gateway.ts";

/** A gateway with a tenant, a key that may do everything in it, and clients that have the key. */
type OneTenant = {
  readonly gateway: TestGateway;
  readonly tenant: TenantFixtures;
  readonly key: string;
  readonly rest: RestClient;
  readonly writes: Writes;
};

/** Starts one; call the gateway's `close` when the file is done. */
export async function startTenant(slug: string, options?: TestGatewayOptions): Promise<OneTenant> {
  const gateway = await startGateway(options);
  const tenant = await gateway.fixtures.tenant(slug);
  const key = await gateway.keyFor(slug);
  const rest = restClient(gateway, { "x-api-key": key });
  return { gateway, tenant, key, rest, writes: new Writes(gateway, key) };
}
