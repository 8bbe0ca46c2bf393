// The cost of counting quotas for a request, in memory and in PostgreSQL, in turn in one run: npm run bench:quotas
import { openDatabase } from "../src/db/database.ts";
import { migrate } from "../src/db/migrate.ts";
import { startThrowaway } from "../tools/throwaway.ts";
import { createKey } from "../src/modules/api-key/operator.ts";
import { seed } from "../src/seed/seed.ts";
import { startGatewayProcess } from "./gateway-process.ts";
import { compare } from "./measure.ts";

const slug = "bench";
const query = "{ viewer { tenant { slug } } accounts(first: 1) { nodes { id } } }";
const cluster = await startThrowaway();
try {
  await migrate({ url: cluster.url });
  await seed({ url: cluster.url, tenants: 1, accounts: 200, seed: 3, slugs: [slug] });
  const database = openDatabase({ url: cluster.url });
  const options = { tenantSlug: slug, scopes: ["*"], name: "bench", env: "test" };
  const { key } = await createKey(database, options);
  await database.close();
  const sides = await Promise.all(
    // The last one has a quota so small that a process takes few at once.
    [
      ["memory", "1000000"],
      ["postgres", "1000000"],
      ["postgres", "100000"],
    ].map(async ([store = "", perMinute = ""]) => {
      const gateway = await startGatewayProcess(cluster.url, undefined, {
        RATE_LIMIT_STORE: store,
        REQUESTS_PER_MINUTE: perMinute,
      });
      const write = () => gateway.post(key, query, {});
      return { name: `${store} ${perMinute}`, write, cpu: gateway.cpu, stop: gateway.stop };
    }),
  );
  await compare("8 clients of one key", sides, { clients: 8, rounds: 9, milliseconds: 600 });
  for (const { stop } of sides) await stop();
} finally {
  await cluster.stop();
}
