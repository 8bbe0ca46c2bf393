// By-id reads, one and a batch of 100: the read engine against Prisma's findFirst/findMany, in turn in one run.
// npm run bench:by-id
import { openDatabase } from "../src/db/database.ts";
import { migrate } from "../src/db/migrate.ts";
import { startThrowaway } from "../tools/throwaway.ts";
import { catalog } from "../src/modules/catalog.ts";
import { Reader } from "../src/query/reader.ts";
import { seed } from "../src/seed/seed.ts";
import { range } from "./measure.ts";

const fields = [
  "id",
  "name",
  "displayName",
  "annualRevenue",
  "createdAt",
  "version",
  "domain",
  "ownerId",
  "email",
  "phone",
];
const select = Object.fromEntries(fields.map((field) => [field, true]));
const rounds = 7;

type Cost = { wall: number; cpu: number };

async function cost(times: number, work: () => Promise<unknown>): Promise<Cost> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let time = 0; time < times; time += 1) await work();
  const wall = (performance.now() - start) / times;
  const { user, system } = process.cpuUsage(cpu);
  return { wall, cpu: (user + system) / 1_000 / times };
}

const cluster = await startThrowaway();
try {
  await migrate({ url: cluster.url });
  await seed({ url: cluster.url, tenants: 1, accounts: 500, seed: 3 });
  const database = openDatabase({ url: cluster.url });
  const entity = catalog.entity("account");
  const tenantId = await database.asOwner(async (client) => {
    const { rows } = await client.query<{ id: string }>("SELECT id FROM tenants");
    return rows[0]?.id ?? "";
  });
  const db = database.forTenant(tenantId);
  const ids = (
    await db.rows("SELECT id FROM accounts WHERE deleted_at IS NULL ORDER BY id LIMIT 100", [])
  ).map(([id]) => id ?? "");
  const engine = (wanted: readonly string[]) => {
    const reader = new Reader({ db, catalog, viewer: { tenantId, appId: null } });
    return Promise.all(
      wanted.map((id) =>
        reader.record("bench", () => ({ entity, fields, includeDeleted: false }), id),
      ),
    );
  };
  const { account } = database.prismaFor(tenantId);
  const prismaOne = (id: string) =>
    account.findFirst({ where: { tenantId, id, deletedAt: null }, select });
  const prismaMany = () =>
    account.findMany({ where: { tenantId, id: { in: ids }, deletedAt: null }, select });

  const one = ids[0] ?? "";
  const cases = [
    { name: "one record", times: 1_000, ours: () => engine([one]), prisma: () => prismaOne(one) },
    { name: "100 records", times: 300, ours: () => engine(ids), prisma: () => prismaMany() },
  ];
  for (const { name, times, ours, prisma } of cases) {
    const ratios: Cost[] = [];
    for (let round = -1; round < rounds; round += 1) {
      const [a, b] = [await cost(times, ours), await cost(times, prisma)];
      // The first round warms both up.
      if (round >= 0) ratios.push({ wall: b.wall / a.wall, cpu: b.cpu / a.cpu });
    }
    const [wall, cpu] = [ratios.map((ratio) => ratio.wall), ratios.map((ratio) => ratio.cpu)];
    console.log(`${name}: Prisma takes ${range(wall)} times as long, ${range(cpu)} times the CPU`);
  }
  await database.close();
} finally {
  await cluster.stop();
}
