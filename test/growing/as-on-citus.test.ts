import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { kindNames, Side } from "../support/growing/side.ts";
import { untilWaiting } from "../support/database/waiting.ts";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { casesOf, runSeed } from "../support/run/run-length.ts";
import { Random } from "../../src/seed/random.ts";

/** Citus itself is not there; its way to pin and to plan holds on one node just as well. */
describe.each(["session", "transaction"])("pinned as on Citus, FENCE=%s", (fence) => {
  let gateway: TestGateway;
  let ours: Side;
  let theirs: Side;

  beforeAll(async () => {
    const env = { FENCE: fence, PREPARED_STATEMENTS: "on" };
    // One connection, so that each statement meets what the one before left behind.
    gateway = await startGateway({ isDistributed: true, maxConnections: 1, env });
    [ours, theirs] = [await Side.make(gateway, "ours"), await Side.make(gateway, "theirs")];
  });
  afterAll(() => gateway.close());

  const rows = (text: string) => gateway.database.forTenant(ours.tenant.uuid).rows(text, []);

  it(`requests of two tenants in turn meet their own records alone (CRM_TEST_SEED=${runSeed})`, async () => {
    const random = new Random(`as on citus ${runSeed}`);
    const wrongs: string[] = [];
    let begun = 0;
    const lane = async (): Promise<void> => {
      while (begun < casesOf(2_000)) {
        begun += 1;
        const [asking, other] = random.chance(0.5) ? [ours, theirs] : [theirs, ours];
        const wrong = await asking.ask(random.pick(kindNames), other, begun);
        if (wrong !== null) wrongs.push(wrong);
      }
    };
    await Promise.all(Array.from({ length: 8 }, lane));
    expect(wrongs).toEqual([]);
    for (const side of [ours, theirs]) {
      const { found, wanted } = await side.written();
      expect(found).toEqual(wanted);
    }
  });

  it("no statement has a plan for whatever values", async () => {
    for (const number of [1, 2, 3]) expect(await ours.ask("list", theirs, number)).toBeNull();
    const planned = `SELECT count(*) FILTER (WHERE custom_plans > 1) > 0, sum(generic_plans)
      FROM pg_prepared_statements WHERE statement LIKE '%tenant_id%'`;
    expect(await rows(planned)).toEqual([["t", "0"]]);
  });

  // On Citus itself the wait is on a node: test/citus/doubt.test.ts.
  it.runIf(inject("workerUrls").length === 0)(
    "a write whose first commit is in doubt on its node waits for it, and is done once",
    async () => {
      const { client } = gateway.fixtures;
      const key = await gateway.keyFor("ours");
      const send = async (): Promise<unknown> => {
        const response = await fetch(`${gateway.url}/api/v1/crm/accounts`, {
          method: "POST",
          headers: {
            "x-api-key": key,
            "idempotency-key": "doubt",
            "content-type": "application/json",
          },
          body: JSON.stringify({ name: "In doubt" }),
        });
        return at(await response.json(), "id");
      };
      const first = await send();
      // What is in doubt is not seen, and holds its rows; the lock on the coordinator is gone.
      await client.query("CREATE TEMP TABLE doubt AS SELECT * FROM idempotency_keys");
      await client.query("DELETE FROM idempotency_keys");
      await client.query("BEGIN");
      await client.query("INSERT INTO idempotency_keys SELECT * FROM doubt");
      const again = send();
      try {
        await untilWaiting(gateway);
      } finally {
        await client.query("COMMIT");
        await client.query("DROP TABLE doubt");
      }
      expect(await again).toBe(first);
      const made = "SELECT count(*) FROM accounts WHERE name = 'In doubt'";
      expect(await rows(made)).toEqual([["1"]]);
    },
  );

  it("a statement that fails leaves neither a transaction nor a tenant behind", async () => {
    await expect(rows("SELECT 1 / 0")).rejects.toMatchObject({ code: "22012" });
    expect(await theirs.ask("list", ours, 1)).toBeNull();
    const { rows: outside } = await gateway.database.pool.query(
      "SELECT count(*)::integer AS seen FROM tenants",
    );
    expect(outside).toEqual([{ seen: 0 }]);
  });
});
