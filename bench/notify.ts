// What it costs writers to wake listeners: NOTIFY in their transactions, or one coalesced NOTIFY behind the commits of each
// process, against none. Writers of as many tenants commit an event each, with fsync: npm run bench:notify
import pg from "pg";
import { migrate } from "../src/db/migrate.ts";
import { startThrowaway } from "../tools/throwaway.ts";
import { median, range } from "./measure.ts";

const writers = 16;
const rounds = 7;
const milliseconds = 1_500;

type Way = "none" | "in the transaction" | "behind the commit";

/** Commits events of a tenant until the time is over; gives how many. */
async function writeEvents(
  client: pg.Client,
  tenant: string,
  until: number,
  way: Way,
  told: (tenant: string) => void,
) {
  let commits = 0;
  while (performance.now() < until) {
    await client.query("BEGIN");
    await client.query(
      `INSERT INTO change_events (tenant_id, id, position, ends_transaction, entity_type, entity_id, operation, version)
       SELECT $1, gen_random_uuid(), coalesce(max(position), 0) + 1, true, 'Deal', gen_random_uuid(), 'updated', 1
       FROM change_events WHERE tenant_id = $1`,
      [tenant],
    );
    if (way === "in the transaction")
      await client.query("SELECT pg_notify('crm_changes', $1)", [tenant]);
    await client.query("COMMIT");
    if (way === "behind the commit") told(tenant);
    commits += 1;
  }
  return commits;
}

/** One NOTIFY at a time, for the tenants with commits meanwhile, as src/live/wake-up.ts does. */
function coalesced(client: pg.Client) {
  const untold = new Set<string>();
  let telling: Promise<void> | null = null;
  const tellAll = async (): Promise<void> => {
    for (const tenant of untold) {
      untold.delete(tenant);
      await client.query("SELECT pg_notify('crm_changes', $1)", [tenant]);
    }
    telling = null;
  };
  const tell = (tenant: string): void => {
    untold.add(tenant);
    telling ??= tellAll();
  };
  return { tell, done: () => telling };
}

const { url, stop } = await startThrowaway({ settings: ["fsync=on", "synchronous_commit=on"] });
try {
  await migrate({ url, log: () => undefined });
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return client;
  };
  const [listener, teller] = [await connect(), await connect()];
  let heard = 0;
  listener.on("notification", () => (heard += 1));
  await listener.query("LISTEN crm_changes");
  const clients = await Promise.all(Array.from({ length: writers }, connect));
  const tenants: string[] = [];
  for (const place of clients.keys()) {
    const { rows } = await teller.query<{ id: string }>(
      "INSERT INTO tenants (id, slug, name) VALUES (gen_random_uuid(), $1, $1) RETURNING id",
      [`bench-${place}`],
    );
    tenants.push(rows[0]?.id ?? "");
  }
  const ways: Way[] = ["none", "in the transaction", "behind the commit"];
  const rates = new Map<Way, number[]>(ways.map((way) => [way, []]));
  const { rows } = await teller.query<{ fsync: string }>("SHOW fsync");
  console.log(
    `fsync ${rows[0]?.fsync ?? ""}, ${writers} writers of as many tenants, ${rounds} rounds`,
  );
  for (let round = 0; round < rounds; round += 1) {
    for (const way of ways) {
      const { tell, done } = coalesced(teller);
      const until = performance.now() + milliseconds;
      const counts = await Promise.all(
        clients.map((client, place) => writeEvents(client, tenants[place] ?? "", until, way, tell)),
      );
      await done();
      rates.get(way)?.push(counts.reduce((sum, count) => sum + count, 0) / (milliseconds / 1_000));
    }
  }
  const base = rates.get("none") ?? [];
  for (const [way, measured] of rates) {
    const ratios = measured.map((rate, round) => rate / (base[round] ?? NaN));
    console.log(
      `${way}: ${median(measured).toFixed(0)} commits a second, ${range(ratios)} of none`,
    );
  }
  console.log(`${heard} notifications heard`);
  for (const client of [listener, teller, ...clients]) await client.end();
} finally {
  await stop();
}
