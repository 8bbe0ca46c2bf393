import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../../tools/pgbouncer.ts";
import { at, listAt } from "../support/gateway/gateway.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";
import { bareEnvironment } from "../support/processes/environment.ts";
import { startGatewayProcess, type GatewayProcess } from "../support/processes/gateway-process.ts";
import { Random } from "../../src/seed/random.ts";
import { RowWriter } from "../support/writes/row-writer.ts";

const example = fileURLToPath(new URL("../../examples/copy/copy.mjs", import.meta.url));

let started: Awaited<ReturnType<typeof startTenant>>;
let served: GatewayProcess;
let copying: ChildProcess;
let folder: string;
let file: string;
let accounts: RowWriter;
let deals: RowWriter;

beforeAll(async () => {
  started = await startTenant("copied");
  const { gateway, key } = started;
  served = await startGatewayProcess({
    DATABASE_URL: gateway.databaseUrl,
    PORT: String(await freePort()),
  });
  folder = await mkdtemp(join(tmpdir(), "crm-copy-"));
  file = join(folder, "copy.json");
  accounts = new RowWriter(gateway, key, "accounts");
  deals = new RowWriter(gateway, key, "deals");
});
afterAll(async () => {
  copying.kill();
  await served.stop();
  await started.gateway.close();
  await rm(folder, { recursive: true });
});

const startCopy = (): ChildProcess =>
  spawn(process.execPath, [example], {
    env: { ...bareEnvironment, BASE_URL: served.url, API_KEY: started.key, COPY: file },
    stdio: "ignore",
  });

/** The records of the copy by id, as it was saved last. */
async function copied(): Promise<unknown> {
  const { records }: { records: Record<string, object> } = JSON.parse(
    await readFile(file, "utf8").catch(() => '{"records":{}}'),
  );
  return Object.fromEntries(Object.entries(records).filter(([, record]) => "id" in record));
}

/** The same, as the gateway has them now. */
async function expected(): Promise<unknown> {
  const data = await started.gateway.data(
    started.key,
    `{
      accounts(first: 100) { nodes { kind: __typename id version deletedAt name } }
      more: accounts(last: 100) { nodes { kind: __typename id version deletedAt name } }
      deals(first: 100) { nodes { kind: __typename id version deletedAt name stage value account { id } } }
    }`,
  );
  const nodes = ["accounts", "more", "deals"].flatMap((list) => listAt(data, list, "nodes"));
  return Object.fromEntries(nodes.map((node) => [at(node, "id"), node]));
}

it("examples/copy makes a complete copy and keeps it, while others write, and over kill -9 of the gateway and of itself", async () => {
  const random = new Random("copy");
  const inputs = Array.from({ length: 130 }, (_, index) => ({ name: `Account ${index}` }));
  const made = (await accounts.create(inputs)).flatMap(({ id }) => id ?? []);
  const live: string[] = [];
  const gone: string[] = [];
  const write = async (round: number): Promise<void> => {
    const account_id = random.pick(made);
    await accounts.update([{ id: account_id, name: `Changed ${round}` }]);
    live.push(await deals.made({ account_id, name: `Deal ${round}`, value: String(round) }));
    if (round % 3 === 0) {
      const [id = ""] = live.splice(0, 1);
      await deals.delete(id);
      gone.push(id);
    }
    if (round % 7 === 0) {
      const [id = ""] = gone.splice(0, 1);
      await deals.restore(id);
      live.push(id);
    }
  };
  copying = startCopy();
  for (let round = 1; round <= 36; round += 1) {
    await write(round);
    if (round === 12) {
      const { port } = new URL(served.url);
      await served.kill();
      await write(100);
      served = await startGatewayProcess({ DATABASE_URL: started.gateway.databaseUrl, PORT: port });
    }
    if (round === 24) {
      copying.kill("SIGKILL");
      await write(101);
      copying = startCopy();
    }
  }
  await expect.poll(copied).toEqual(await expected());
});
