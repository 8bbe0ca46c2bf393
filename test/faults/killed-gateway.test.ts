import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventsOf } from "../support/changes/events.ts";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { startGatewayProcess } from "../support/processes/gateway-process.ts";
import { restClient, type RestClient } from "../support/rest/client.ts";
import { openHoldingRoute } from "../support/database/holding-route.ts";
import { EventStream } from "../support/live/event-stream.ts";

let gateway: TestGateway;
let rest: RestClient;
let key: string;

beforeAll(async () => {
  gateway = await startGateway();
  const { slug } = await gateway.fixtures.tenant("north-harbor");
  key = await gateway.keyFor(slug);
  rest = restClient(gateway, { "x-api-key": key });
});
afterAll(() => gateway.close());

async function made(path: string, body: Readonly<Record<string, unknown>>): Promise<string> {
  const answer = await rest.post(path, body);
  expect(answer.status, answer.text).toBe(201);
  return String(at(answer.body, "id"));
}

describe("a gateway that is killed between a write's commit and its answer", () => {
  it("leaves the write to be answered by another one, which does it no second time", async () => {
    const account = await made("/api/v1/crm/accounts", { name: "Harbor" });
    const deal = await made("/api/v1/crm/deals", { account_id: account, name: "Before" });
    const other = await startGatewayProcess({
      DATABASE_URL: gateway.databaseUrl,
    });
    const { client } = gateway.fixtures;
    const headers = { "idempotency-key": "killed" };
    const change = (sender: RestClient) =>
      sender.patch(`/api/v1/crm/deals/${deal}`, { name: "After" }, headers);
    // Read for the answer, and not for the change.
    await client.query("BEGIN; LOCK TABLE quotes");
    const lost = change(restClient(other, { "x-api-key": key })).then(
      () => "answered",
      () => "lost",
    );
    try {
      await expect
        .poll(
          async () => {
            const { rows } = await gateway.database.asOwner((owner) =>
              owner.query<{ name: string }>("SELECT name FROM deals WHERE id = $1", [
                deal.slice("deal-".length),
              ]),
            );
            return rows[0]?.name;
          },
          { timeout: 60_000 },
        )
        .toBe("After");
      await other.kill();
    } finally {
      await client.query("ROLLBACK");
    }
    expect(await lost).toBe("lost");
    const answers = [await change(rest), await change(rest)];
    for (const { status, headers: told, body } of answers) {
      expect([status, told.get("etag")]).toEqual([200, '"2"']);
      expect(body).toMatchObject({ name: "After", version: 2 });
    }
    const versions = (await eventsOf(gateway, deal)).map(({ version }) => version);
    expect(versions).toEqual([1, 2]);
  });
});

describe("a gateway that is killed between a commit and its NOTIFY", () => {
  it("has told nobody, and the subscribers of another one get the event", async () => {
    const query = "subscription { accountChanged { account { name } } }";
    const stream = await EventStream.open(gateway.url, key, { query });
    // The process that is to die hears of the stream, and so would tell of its commits.
    const route = await openHoldingRoute(gateway.databaseUrl, "pg_notify");
    const other = await startGatewayProcess({ DATABASE_URL: route.url });
    const lost = restClient(other, { "x-api-key": key })
      .post("/api/v1/crm/accounts", { name: "Told by nobody" })
      .catch(() => null);
    try {
      await route.held;
      await other.kill();
    } finally {
      await route.close();
    }
    await lost;
    expect(await stream.data()).toEqual([{ account: { name: "Told by nobody" } }]);
    await stream.close();
  });
});
