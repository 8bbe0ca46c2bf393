import { afterAll, beforeAll, expect, it } from "vitest";
import { startGateway, type TestGateway } from "../support/gateway.ts";
let gateway: TestGateway;
beforeAll(async () => { gateway = await startGateway(); });
afterAll(() => gateway.close());
it("works", async () => {
  const tenant = await gateway.fixtures.tenant("t");
  const key = await gateway.keyFor("t");
  const account = await tenant.account();
  await tenant.account();
  for (const [stage, currency, value] of [["lead","USD","10.5"],["lead","EUR","1"],["won","USD",null],["lead","USD","2.25"]] as const)
    await tenant.deal(account, { stage, currency, value, createdAt: "2026-03-01T02:00:00Z", probability: "50" });
  gateway.statements.clear();
  const f = "count sum { value { currency amount } probability } avg { value { currency amount } probability } min { value { currency amount } createdAt expectedCloseDate } max { createdAt }";
  console.log(JSON.stringify(await gateway.ask(key, `{ dealsAggregate(groupBy: [{field: stage}, {field: createdAt, by: month, timeZone: "America/New_York"}, {field: accountId}], orderBy: [{sum: {value: desc}, currency: "USD"}, {count: asc}, {key: {stage: asc}}]) { ${f} groupCount groups { key { stage createdAt accountId ownerId } ${f} } }
   accounts { nodes { dealsAggregate(groupBy: [{field: currency}], first: 1) { count groupCount groups { key { currency } count } } activitiesAggregate { count } } } }`), null, 1));
  console.log(gateway.statements.all().map((s) => s.text).join("\n\n"));
  expect(1).toBe(1);
});
