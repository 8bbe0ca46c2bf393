// Each record of an answer may fail by itself: 10,000 of them made megabytes of errors.
import { afterAll, beforeAll, expect, it } from "vitest";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { post } from "../support/gateway/limits.ts";

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await startGateway();
  const tenant = await gateway.fixtures.tenant("north");
  key = await gateway.keyFor(tenant.slug);
  const account = await tenant.account();
  for (let count = 0; count < 2; count += 1) await tenant.deal(account);
});
afterAll(() => gateway.close());

/** So many fields of each of two deals that fail, without what is around them. */
const failing = (fields: number, name: string): string => {
  const each = Array.from(
    { length: fields },
    (_, index) => `${name}${index}: account { contacts(first: 0) { totalCount } }`,
  );
  return `{ deals(first: 2) { nodes { id ${each.join(" ")} } } }`;
};

it("100 errors are told, and how many there are beside them", async () => {
  const { answer } = await post(gateway.url, key, { query: failing(80, "a") });
  const errors = listAt(answer, "errors");
  expect(errors).toHaveLength(101);
  expect(at(errors, 0, "extensions", "code")).toBe("BAD_USER_INPUT");
  expect(at(errors, 100)).toMatchObject({
    message:
      "60 more fields failed; mend what the errors before this one say, or ask for less at once.",
    extensions: { code: "QUERY_TOO_COMPLEX" },
  });
  expect(listAt(answer, "data", "deals", "nodes")).toHaveLength(2);
});

it("all of 100 are told", async () => {
  const { answer } = await post(gateway.url, key, { query: failing(50, "a") });
  expect(listAt(answer, "errors")).toHaveLength(100);
});
