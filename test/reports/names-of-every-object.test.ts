import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { post } from "../support/gateway/limits.ts";

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await startGateway();
  const tenant = await gateway.fixtures.tenant("names");
  await tenant.account({ name: "One" });
  key = await gateway.keyFor(tenant.slug, ["read:deals"]);
});
afterAll(() => gateway.close());

const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"];
const ask = (query: string, itsKey = key) => post(gateway.url, itsKey, { query });

describe("a name that every JavaScript object has", () => {
  it.each(names)("as a variable is refused, and nothing is read: %s", async (name) => {
    const { statements } = gateway;
    await ask("{ __typename }");
    statements.clear();
    for (const query of [
      // Its default was planned, and 25 were read at each level.
      `query ($${name}: Int = 1) { deals(first: $${name}) { nodes { contacts(first: $${name}) { nodes { id } } } } }`,
      // Its value became the prototype of all others, which the executor took from there.
      `query ($${name}: DealFilter = { account: { name: { eq: "One" } } }, $account: AccountFilter) {
         deals(where: { and: [$${name}, { account: $account }] }) { totalCount } }`,
    ]) {
      const { answer } = await ask(query);
      expect(answer).not.toHaveProperty("data");
      expect(at(answer, "errors", 0, "extensions")).toMatchObject({
        code: "BAD_USER_INPUT",
        inputPath: ["variables", name],
      });
    }
    expect(statements.all()).toEqual([]);
  });

  it.each(names)("is an alias, a fragment and an operation like another: %s", async (name) => {
    const all = await gateway.keyFor("names");
    const { status, answer } = await ask(
      `query ${name} { ${name}: tenant { ...${name} } }
       fragment ${name} on Tenant { ${name}: accounts(first: 3) { ${name}: nodes { ${name}: name } } }`,
      all,
    );
    expect(status).toBe(200);
    expect(at(answer, "data", name, name, name, 0, name)).toBe("One");
    expect(at(answer, "extensions", "cost")).toMatchObject({ requested: 4, actual: 2 });
  });

  it.each(names)("is no variable that was sent without being asked for: %s", async (name) => {
    const variables: unknown = JSON.parse(`{ ${JSON.stringify(name)}: 100, "n": 1 }`);
    const { answer } = await post(gateway.url, key, {
      body: JSON.stringify({
        query: "query ($n: Int) { deals(first: $n) { nodes { id } } }",
        variables,
      }),
    });
    expect(at(answer, "extensions", "cost")).toMatchObject({ requested: 1 });
  });
});
