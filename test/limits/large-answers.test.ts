import { afterAll, beforeAll, expect, it } from "vitest";
import { at, startGateway, type TestGateway } from "../support/gateway.ts";
import { post } from "../support/limits.ts";

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent" });
  const tenant = await gateway.fixtures.tenant("large");
  const account = await tenant.account({ name: "Large" });
  for (let count = 0; count < 20; count += 1) {
    await tenant.activity(account, {
      description: "x".repeat(99_000),
      customFields: { notes: "y".repeat(60_000) },
    });
  }
  key = await gateway.keyFor("large");
});
afterAll(() => gateway.close());

const texts = (field: string, times: number): string =>
  `{ activities(first: 20) { nodes { ${Array.from({ length: times }, (_, index) => `a${index}: ${field}`).join(" ")} } } }`;
const ask = (query: string) => post(gateway.url, key, { body: JSON.stringify({ query }) });

it.each([
  ["description", 7, 9],
  ["customFields", 12, 14],
])("an answer of so many texts (%s) that they fill memory is refused", async (field, fits, not) => {
  const read = await ask(texts(field, fits));
  expect(read.status).toBe(200);
  expect(read.answer).not.toHaveProperty("errors");
  const refused = await ask(texts(field, not));
  expect(refused.answer).not.toHaveProperty("data");
  expect(at(refused.answer, "errors", 0, "extensions", "code")).toBe("QUERY_TOO_COMPLEX");
  expect(at(refused.answer, "errors", 0, "message")).toMatch(/16,000,000 characters/);
});

it("input that would take long to read is refused before it is", async () => {
  const query =
    "query ($w: DealFilter) { deals(where: $w) @skip(if: true) { totalCount } __typename }";
  const many = { and: Array.from({ length: 20_001 }, () => ({})) };
  const whole = await post(gateway.url, key, {
    body: JSON.stringify({ query, variables: { w: many } }),
  });
  expect(whole.status).toBe(400);
  expect(at(whole.answer, "errors", 0, "message")).toMatch(/20,000 objects/);
});

it("branches of a filter count as its conditions, though they say nothing", async () => {
  const branches = (count: number) => ({ and: Array.from({ length: count }, () => ({})) });
  const query = "query ($w: DealFilter) { deals(where: $w) { totalCount } }";
  const send = (count: number) =>
    post(gateway.url, key, { body: JSON.stringify({ query, variables: { w: branches(count) } }) });
  expect((await send(900)).answer).not.toHaveProperty("errors");
  expect(at((await send(1_000)).answer, "errors", 0, "extensions", "code")).toBe(
    "QUERY_TOO_COMPLEX",
  );
});
