// Deliveries a second against a local receiver, and the lag of endpoints while others hang: npm run bench:webhooks
import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { v7 as uuidv7 } from "uuid";
import { makeSecret as makeKey } from "../src/auth/api-key.ts";
import { loadConfig } from "../src/config.ts";
import { openDatabase } from "../src/db/database.ts";
import { migrate } from "../src/db/migrate.ts";
import { withOwner } from "../src/db/with-owner.ts";
import { catalog } from "../src/modules/catalog.ts";
import { createSchema } from "../src/schema.ts";
import { createGateway } from "../src/server.ts";
import { makeSecret } from "../src/webhooks/signature.ts";
import { startThrowaway } from "../tools/throwaway.ts";
import { median } from "./measure.ts";

const { values: flags } = parseArgs({
  options: {
    events: { type: "string", default: "5000" },
    endpoints: { type: "string", default: "100" },
    rounds: { type: "string", default: "20" },
    slow: { type: "string", default: "100" },
  },
});
const [events = 0, endpoints = 0, rounds = 0, slow = 0] = [
  flags.events,
  flags.endpoints,
  flags.rounds,
  flags.slow,
].map(Number);

/** Just short of what a request may take. */
const slowMilliseconds = 14_000;

const arrived = new Map<string, number[]>();
const receiver = createServer((request, response) => {
  void text(request).then(() => {
    const path = request.url ?? "";
    arrived.set(path, [...(arrived.get(path) ?? []), performance.now()]);
    const answer = (): unknown => response.writeHead(204).end();
    if (path.startsWith("/slow")) setTimeout(answer, slowMilliseconds).unref();
    else if (path !== "/hangs") answer();
    return undefined;
  });
});
receiver.listen(0, "127.0.0.1");
await once(receiver, "listening");
const address = receiver.address();
const base = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;

const throwaway = await startThrowaway();
await migrate({ url: throwaway.url });
const config = loadConfig({ NODE_ENV: "test", LOG_LEVEL: "error" });
const database = openDatabase({ url: throwaway.url, pool: config.pool });
const gateway = createGateway({ schema: createSchema(catalog), database, config, demo: null });

type Tenant = { readonly tenant: string; readonly apiKey: string };

/** A tenant with a key; by the owner, as a restore would. */
async function makeTenant(): Promise<Tenant> {
  const [tenant, apiKey] = [uuidv7(), uuidv7()];
  await own("INSERT INTO tenants (id, slug, name) VALUES ($1, $2, 'Bench')", [
    tenant,
    `t-${tenant}`,
  ]);
  await own(
    "INSERT INTO api_keys (tenant_id, id, name, environment, secret_hash, scopes) VALUES ($1, $2, 'bench', 'test', $3, '{*}')",
    [tenant, apiKey, makeKey("test", apiKey).hash],
  );
  return { tenant, apiKey };
}

async function makeEndpoint(of: Tenant, path: string): Promise<void> {
  const id = uuidv7();
  await own(
    `INSERT INTO webhooks (tenant_id, id, url, api_key_id, position, created_by)
     SELECT $1, $2, $3, $4, coalesce(max(position), 0), 'bench' FROM change_events WHERE tenant_id = $1`,
    [of.tenant, id, base + path, of.apiKey],
  );
  await own(
    "INSERT INTO webhook_secrets (tenant_id, id, webhook_id, secret) VALUES ($1, $2, $3, $4)",
    [of.tenant, uuidv7(), id, makeSecret()],
  );
}

/** Events of as many records, as a batch of writes leaves them; and the word of them, as the writer gives it. */
async function addEvents(tenant: string, count: number): Promise<void> {
  await own(
    `INSERT INTO change_events (tenant_id, id, position, ends_transaction, entity_type, entity_id, operation, version, changes)
     SELECT $1, gen_random_uuid(), l.position + g, true, 'Deal', gen_random_uuid(), 'created', 1, '{"name": [null, "bench"]}'
     FROM (SELECT coalesce(max(position), 0) AS position FROM change_events WHERE tenant_id = $1) l, generate_series(1, $2::int) g`,
    [tenant, count],
  );
  await own("SELECT pg_notify('crm_changes', $1)", [tenant]);
}

const own = (statement: string, values: readonly unknown[]): Promise<unknown> =>
  withOwner(throwaway.url, "bench", (client) => client.query(statement, [...values]));

const countAt = (path: string): number => arrived.get(path)?.length ?? 0;

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(5);
}

const busy = await makeTenant();
await makeEndpoint(busy, "/one");
await addEvents(busy.tenant, events);
const cpu = process.cpuUsage();
const startedAt = performance.now();
gateway.runJobs();
await until(() => countAt("/one") >= events);
const seconds = (performance.now() - startedAt) / 1_000;
const used = process.cpuUsage(cpu);
console.log(
  `${events} events to one endpoint: ${Math.round(events / seconds)} deliveries a second, ${Math.round((used.user + used.system) / events)} µs of CPU each (gateway and receiver)`,
);

/** Milliseconds from the commit of one event to its arrival at each endpoint that answers. */
async function lags(hangs: boolean): Promise<number[]> {
  const many = await makeTenant();
  const run = many.tenant;
  const paths = Array.from({ length: endpoints - 1 }, (_, index) => `/${run}-${index}`);
  for (const path of [...paths, ...(hangs ? ["/hangs"] : [`/${run}-last`])]) {
    await makeEndpoint(many, path);
  }
  const found: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    await addEvents(many.tenant, 10);
    const committedAt = performance.now();
    await until(() => paths.every((path) => countAt(path) >= round * 10));
    found.push(...paths.map((path) => (arrived.get(path)?.at(-1) ?? 0) - committedAt));
  }
  return found;
}

for (const hangs of [false, true, false, true]) {
  const found = (await lags(hangs)).toSorted((a, b) => a - b);
  const p99 = found[Math.floor(found.length * 0.99)] ?? 0;
  console.log(
    `${endpoints} endpoints, ${hangs ? "one of them hangs" : "all answer"}: 10 events are at the others after ${Math.round(median(found))} ms (median), ${Math.round(p99)} ms (99 %)`,
  );
}

/** Milliseconds from a commit to the arrival of its event at a healthy endpoint, while events go to slow ones as well. */
async function besideSlow(healthy: Tenant, path: string, others: Tenant): Promise<number[]> {
  const found: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    if (others !== healthy) await addEvents(others.tenant, 1);
    const before = countAt(path);
    const committedAt = performance.now();
    await addEvents(healthy.tenant, 1);
    await until(() => countAt(path) > before);
    found.push(performance.now() - committedAt);
    await sleep(100);
  }
  return found;
}

const [healthy, crowd] = [await makeTenant(), await makeTenant()];
await makeEndpoint(healthy, "/healthy");
for (let index = 0; index < slow; index += 1) await makeEndpoint(crowd, `/slow-${index}`);
await makeEndpoint(crowd, "/among");
// None of them for the first side.
const quiet = await makeTenant();
for (const side of ["alone", "other", "alone", "other", "same"] as const) {
  const found =
    side === "same"
      ? await besideSlow(crowd, "/among", crowd)
      : await besideSlow(healthy, "/healthy", side === "alone" ? quiet : crowd);
  const sorted = found.toSorted((a, b) => a - b);
  const beside = {
    alone: "by itself",
    other: `beside ${slow} slow ones of another tenant`,
    same: `beside ${slow} slow ones of its tenant`,
  };
  console.log(
    `an event is at an endpoint ${beside[side]} after ${Math.round(median(found))} ms (median), ${Math.round(sorted.at(-1) ?? 0)} ms (longest)`,
  );
}
receiver.closeAllConnections();
receiver.close();
await gateway.close();
await database.close();
await throwaway.stop();
process.exit(0);
