// 50,000 phone numbers in a filter were parsed several times each, again for each alias: a request held the process for 14 s.
import { afterAll, beforeAll, expect, it } from "vitest";
import { asWork, Work } from "../../src/db/work.ts";
import { readOnce } from "../../src/model/read-once.ts";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { post } from "../support/gateway/limits.ts";

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await startGateway();
  const tenant = await gateway.fixtures.tenant("north");
  key = await gateway.keyFor(tenant.slug);
  await tenant.account({ phone: "+49300000005", name: "n5" });
});
afterAll(() => gateway.close());

const numbers = (count: number) =>
  Array.from({ length: count }, (_, index) => `+4930${String(index).padStart(7, "0")}`);
const ask = (where: object) =>
  gateway.ask(key, "query ($where: AccountFilter) { accounts(where: $where) { totalCount } }", {
    where,
  });

it.each([
  ["where.phone.in", 1_000, "phone numbers", (list: unknown[]) => ({ phone: { in: list } })],
  [
    "where.not.phone.notIn",
    1_000,
    "phone numbers",
    (list: unknown[]) => ({ not: { phone: { notIn: list } } }),
  ],
  ["where.name.in", 10_000, "values", (list: unknown[]) => ({ name: { in: list } })],
  ["where.email.notIn", 10_000, "values", (list: unknown[]) => ({ email: { notIn: list } })],
  ["where.domain.in", 10_000, "values", (list: unknown[]) => ({ domain: { in: list } })],
  ["where.tags.hasSome", 10_000, "values", (list: unknown[]) => ({ tags: { hasSome: list } })],
] as const)("%s takes %s and no more", async (path, most, what, where) => {
  expect((await ask(where(numbers(most)))).errors).toBeUndefined();
  gateway.statements.clear();
  const { errors } = await ask(where(numbers(most + 1)));
  expect(errors?.[0]).toMatchObject({
    message: `${path}: a filter compares with at most ${most.toLocaleString("en")} ${what}; ask for the others in another request.`,
    extensions: { code: "QUERY_TOO_COMPLEX", inputPath: path.split(".") },
  });
  expect(gateway.statements.all()).toEqual([]);
});

it("counts the phone numbers of all a filter's lists", async () => {
  const half = { phone: { in: numbers(501) } };
  const { errors } = await ask({ or: [half, { not: half }] });
  expect(errors?.[0]?.message).toContain("where.or.1.not.phone.in: a filter compares with");
});

it("weighs phone numbers in what a query costs, for each field that they are given to", async () => {
  const cost = async (count: number, operator: "phone" | "name") => {
    const query = `query ($list: [String!]) {
      a: accounts(first: 1, where: { ${operator}: { in: $list } }) { nodes { id } }
      b: accounts(first: 1, where: { deals: { none: { account: { ${operator}: { in: $list } } } } }) { nodes { id } } }`;
    const body = JSON.stringify({ query, variables: { list: numbers(count) } });
    const { answer } = await post(gateway.url, key, { body });
    return Number(at(answer, "extensions", "cost", "requested"));
  };
  expect((await cost(300, "phone")) - (await cost(300, "name"))).toBe(2 * 300 * 5);
  const aliases = Array.from(
    { length: 21 },
    (_, index) => `a${index}: accounts(first: 1, where: { phone: { in: $list } }) { nodes { id } }`,
  );
  gateway.statements.clear();
  const { errors } = await gateway.ask(key, `query ($list: [String!]) { ${aliases.join(" ")} }`, {
    list: numbers(1_000),
  });
  expect(errors?.[0]?.extensions.code).toBe("QUERY_TOO_COMPLEX");
  expect(gateway.statements.all()).toEqual([]);
});

it("reads a text once in a request, and ends when the request has taken too long", () => {
  const read: string[] = [];
  const reading = readOnce((text) => read.push(text));
  const work = new Work();
  asWork(work, () => ["a", "b", "a"].forEach(reading));
  expect(read).toEqual(["a", "b"]);
  asWork(new Work(), () => reading("a"));
  expect(read).toEqual(["a", "b", "a"]);
  work.deadline = { at: 0, reason: () => new Error("too long") };
  expect(() => asWork(work, () => numbers(200).forEach(reading))).toThrow("too long");
  expect(read.length).toBeLessThan(110);
});
