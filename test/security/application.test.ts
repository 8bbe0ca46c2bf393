import { afterAll, beforeAll, expect, it } from "vitest";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

it("a credential that was issued for an application reads only that application's rows", async () => {
  const tenant = await gateway.fixtures.tenant("north-harbor");
  const own = await tenant.account({ name: "Harbor own", appId: "app-1" });
  const other = await tenant.account({ name: "Harbor other", appId: "app-2" });
  const deal = await tenant.deal(other, { appId: "app-1", dealNumber: "DEAL-2026-1" });
  const foreign = await tenant.deal(own, { dealNumber: "DEAL-2026-2" });
  const [stage, foreignStage] = [
    await tenant.make("stageChange", { dealId: deal.uuid, toStage: "lead" }),
    await tenant.make("stageChange", { dealId: foreign.uuid, toStage: "lead" }),
  ];
  const key = await gateway.keyFor(tenant.slug);
  await gateway.fixtures.client.query("UPDATE api_keys SET app_id = 'app-1'");
  const data = await gateway.data(
    key,
    `query ($other: ID!, $deal: ID!, $stage: ID!, $stages: [ID!]!) {
      viewer { actor { appId } }
      accounts { totalCount nodes { id deals { totalCount } } }
      account(id: $other) { id } node(id: $other) { id }
      deal(id: $deal) { account { id } }
      byNumber: deal(number: "DEAL-2026-2") { id }
      behind: deals(where: { account: { name: { contains: "harbor" } } }) { totalCount }
      search(query: "harbor") { totalCount }
      stage: node(id: $stage) { __typename id ... on StageChange { toStage deal { id } } }
      stages: nodes(ids: $stages) { id }
    }`,
    { other: other.id, deal: deal.id, stage: stage.id, stages: [foreignStage.id, stage.id] },
  );
  expect(data).toEqual({
    viewer: { actor: { appId: "app-1" } },
    accounts: { totalCount: 1, nodes: [{ id: own.id, deals: { totalCount: 0 } }] },
    account: null,
    node: null,
    deal: { account: null },
    byNumber: null,
    behind: { totalCount: 0 },
    search: { totalCount: 1 },
    // A part of a deal is seen with it.
    stage: { __typename: "StageChange", id: stage.id, toStage: "lead", deal: { id: deal.id } },
    stages: [null, { id: stage.id }],
  });
});
