// The cost of log, metrics and traces for a request, each against a gateway without any of them, in turn.
// npm run bench:telemetry
import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino, type DestinationStream } from "pino";
import { loadConfig } from "../src/config.ts";
import { openDatabase } from "../src/db/database.ts";
import { migrate } from "../src/db/migrate.ts";
import { startThrowaway } from "../tools/throwaway.ts";
import { createKey } from "../src/modules/api-key/operator.ts";
import { seed } from "../src/seed/seed.ts";
import { createGateway } from "../src/server.ts";
import { compare, ownCpu, type Side } from "./measure.ts";
import { catalog } from "../src/modules/catalog.ts";
import { createSchema } from "../src/schema.ts";

const query =
  "query Page { accounts(first: 20) { nodes { id name contacts(first: 5) { nodes { id firstName } } } } }";
const closers: (() => unknown)[] = [];
const cluster = await startThrowaway();
const folder = await mkdtemp(join(tmpdir(), "crm-bench-"));

/** A gateway with a pool of its own, in this process, and a client that asks it for one page. */
async function side(
  name: string,
  env: Record<string, string>,
  logTo?: DestinationStream,
): Promise<Side> {
  const database = openDatabase({ url: cluster.url });
  const { key } = await createKey(database, {
    tenantSlug: slug,
    scopes: ["*"],
    name: "b",
    env: "test",
  });
  const gateway = createGateway({
    schema: createSchema(catalog),
    database,
    config: loadConfig({ NODE_ENV: "production", LOG_LEVEL: "error", ...env }),
    demo: null,
    ...(logTo === undefined ? {} : { logTo }),
  });
  const server = createServer(gateway.requestListener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const agent = new Agent({ keepAlive: true });
  const headers = { "content-type": "application/json", "x-api-key": key };
  const write = (): Promise<void> =>
    new Promise((resolve, reject) => {
      request(
        { agent, port, host: "127.0.0.1", path: "/graphql", method: "POST", headers },
        (response) => response.resume().once("end", resolve),
      )
        .on("error", reject)
        .end(JSON.stringify({ query }));
    });
  closers.push(
    () => agent.destroy(),
    () => server.close(),
    gateway.close,
    database.close,
  );
  return { name, write, cpu: ownCpu };
}

let slug = "";
try {
  await migrate({ url: cluster.url });
  await seed({ url: cluster.url, tenants: 1, accounts: 200, seed: 3 });
  const owner = openDatabase({ url: cluster.url });
  closers.push(owner.close);
  slug = await owner.asOwner(async (client) => {
    const { rows } = await client.query<{ slug: string }>("SELECT slug FROM tenants");
    return rows[0]?.slug ?? "";
  });
  // A collector that takes everything and keeps nothing.
  const collector = createServer((incoming, response) => {
    incoming.resume().once("end", () => response.end("{}"));
  }).listen(0, "127.0.0.1");
  await once(collector, "listening");
  closers.push(
    () => collector.closeAllConnections(),
    () => collector.close(),
  );
  const address = collector.address();
  const endpoint = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  const log = (sync: boolean) => pino.destination({ dest: join(folder, `${sync}.log`), sync });
  const sides = [
    await side("nothing", {}),
    await side("log, at once", { LOG_LEVEL: "info" }, log(true)),
    await side("log, later", { LOG_LEVEL: "info" }, log(false)),
    await side("metrics", { METRICS_PORT: "0" }),
    await side("traces", { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }),
    await side("nothing again", {}),
  ];
  for (const clients of [1, 8]) {
    await compare(`${clients} clients`, sides, { clients, rounds: 7, milliseconds: 1_000 });
  }
} finally {
  for (const close of closers) await close();
  await cluster.stop();
  await rm(folder, { recursive: true });
}
