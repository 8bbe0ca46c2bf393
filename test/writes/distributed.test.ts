import { afterAll, beforeAll, expect, it } from "vitest";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

// Citus refuses the first, and would copy rows past row-level security for the second.
it("no conflict is settled by what depends on the time, and rows of JSON are inserted with RETURNING", async () => {
  const tenant = await gateway.fixtures.tenant("north-harbor");
  const key = await gateway.keyFor(tenant.slug);
  gateway.statements.clear();
  const query = `mutation { createContacts(inputs: [{ last_name: "One" }, { last_name: "Two" }]) { written } }`;
  await fetch(`${gateway.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": key, "idempotency-key": "once" },
    body: JSON.stringify({ query }),
  });
  const texts = gateway.statements.all().map(({ text }) => text);
  const settled = texts.filter((text) => text.includes("DO UPDATE"));
  expect(settled).not.toEqual([]);
  for (const text of settled) expect(text.split("DO UPDATE")[1]).not.toContain("now()");
  const inserted = texts.filter((text) => /^INSERT .*jsonb?_to_recordset/s.test(text));
  expect(inserted).toHaveLength(2);
  for (const text of inserted) expect(text).toMatch(/ RETURNING 1$/);
});
