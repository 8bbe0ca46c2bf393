import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConnectionError, createCrmClient, type CrmClient } from "../../client/src/index.ts";
import {
  openCuttableRoute,
  type Cut,
  type CuttableRoute,
} from "../support/database/cut-connection.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { openLossyRoute, type LossyRoute } from "../support/database/lossy-route.ts";
import { isLong } from "../support/run/run-length.ts";
import { untilWaiting } from "../support/database/waiting.ts";

let gateway: TestGateway;
let database: CuttableRoute;
let network: LossyRoute;
let client: CrmClient;

beforeAll(async () => {
  gateway = await startGateway({
    logLevel: "silent",
    maxConnections: 2,
    route: async (databaseUrl) => {
      database = await openCuttableRoute(databaseUrl, (processId) =>
        gateway.fixtures.client.query("SELECT pg_terminate_backend($1::integer)", [processId]),
      );
      return database.url;
    },
  });
  const { slug } = await gateway.fixtures.tenant("north-harbor");
  network = await openLossyRoute(gateway.url);
  client = createCrmClient({ baseUrl: network.url, apiKey: await gateway.keyFor(slug) });
});
afterAll(async () => {
  network.close();
  await gateway.close();
  database.close();
});

/** How many accounts of a name there are. */
async function count(name: string): Promise<number> {
  const { rowCount } = await gateway.fixtures.client.query("SELECT FROM accounts WHERE name = $1", [
    name,
  ]);
  return rowCount ?? 0;
}

describe("a write whose answer gets lost on the way", () => {
  it("is written once, and the caller gets the answer that was lost", async () => {
    const { accounts } = client.customer;
    const before = network.answers();
    network.lose(1);
    const made = await accounts.create({ name: "Lost" });
    expect(network.answers() - before).toBe(2);
    expect(await count("Lost")).toBe(1);
    expect(await accounts.get(made.id)).toEqual(made);

    // Without the key, the second attempt would meet the version that the first one made.
    network.lose(1);
    const changed = await accounts.update(made.id, { name: "Found" }, { ifMatch: 1 });
    expect(changed).toMatchObject({ name: "Found", version: 2 });
    network.lose(2);
    expect(await accounts.delete(made.id, { ifMatch: 2 })).toMatchObject({ version: 3 });
  });

  it("can be sent again later by its key, when all attempts were lost", async () => {
    const idempotencyKey = crypto.randomUUID();
    const send = () => client.customer.accounts.create({ name: "Later" }, { idempotencyKey });
    network.lose(3);
    await expect(send()).rejects.toThrow(ConnectionError);
    expect(await count("Later")).toBe(1);
    expect(await send()).toMatchObject({ name: "Later", version: 1 });
    expect(await count("Later")).toBe(1);
  });
});

describe("a write during which the database goes away", () => {
  it("is written once, wherever that happens", async () => {
    const { accounts } = client.customer;
    database.watch();
    await accounts.create({ name: "Undisturbed" });
    const statements = [...database.statements()];
    expect(statements).toContain("COMMIT");
    const cuts = statements.flatMap((text, index): Cut[] => {
      const [before, unheard]: Cut[] = [
        { statement: index + 1, when: "before" },
        { statement: index + 1, when: "unheard" },
      ];
      if (before === undefined || unheard === undefined) return [];
      if (text === "COMMIT") return [before, unheard];
      return index % (isLong ? 3 : 9) === 0 ? [index % 2 === 0 ? before : unheard] : [];
    });
    for (const cut of cuts) {
      const name = `${cut.when} ${cut.statement}`;
      database.watch(cut);
      const made = await accounts.create({ name });
      await database.sprung();
      expect(await count(name), name).toBe(1);
      expect(await accounts.get(made.id), name).toEqual(made);
    }
  });
});

describe("a write that takes longer than the client waits", () => {
  it("is asked for again until it is done, and written once", async () => {
    const { accounts } = client.customer;
    const { id } = await accounts.create({ name: "Held" });
    const { client: other } = gateway.fixtures;
    await other.query("BEGIN");
    await other.query("SELECT FROM accounts WHERE name = 'Held' FOR UPDATE");
    const call = accounts.update(
      id,
      { name: "Freed" },
      { timeout: 1_500, maxRetries: 50, ifMatch: 1 },
    );
    await untilWaiting(gateway);
    const before = network.answers();
    // The next attempt finds the first one running.
    await expect.poll(network.answers).toBeGreaterThan(before);
    await other.query("COMMIT");
    expect(await call).toMatchObject({ name: "Freed", version: 2 });
  });
});
