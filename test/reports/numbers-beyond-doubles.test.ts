import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ExactNumber, parseJson } from "../../src/lib/exact-number.ts";
import { jsonComplaint } from "../../src/lib/json.ts";
import { hashRequest } from "../../src/write/idempotency.ts";
import type { TestGateway } from "../support/gateway/gateway.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  ({ gateway, key } = await startTenant("beyond-doubles"));
});
afterAll(() => gateway.close());

async function send(path: string, method: string, body?: string): Promise<string> {
  const response = await fetch(`${gateway.url}${path}`, {
    method,
    headers: { "x-api-key": key, "content-type": "application/json" },
    ...(body === undefined ? {} : { body }),
  });
  return `${response.status} ${await response.text()}`;
}
const graphql = (query: string, variables = "{}") =>
  send("/graphql", "POST", `{"query":${JSON.stringify(query)},"variables":${variables}}`);

const exact = (source: string) => new ExactNumber(source);

describe("a JSON text with a number that JavaScript would change", () => {
  it.each([
    ["12345678901234567890", exact("12345678901234567890")],
    ["[1e9, 1e400,-1.5]", [1e9, exact("1e400"), -1.5]],
    ['{"a":{"b":[12345678901234567890]}}', { a: { b: [exact("12345678901234567890")] } }],
    ['{"\\"a\\\\":12345678901234567890}', { '"a\\': exact("12345678901234567890") }],
    [
      '["12345678901234567890",": 12345678901234567890 ,\\"",1e400]',
      ["12345678901234567890", ': 12345678901234567890 ,"', exact("1e400")],
    ],
  ])("is parsed, texts left alone: %s", (text, value) => {
    expect(parseJson(text)).toStrictEqual(value);
  });

  it("keeps a key that objects have by nature", () => {
    const parsed = parseJson('{"__proto__":1e400}');
    expect(Object.entries(Object(parsed))).toStrictEqual([["__proto__", exact("1e400")]]);
  });

  it.each([
    "{1e400:1}",
    `{1e400${" ".repeat(200)}:1}`,
    "[01e400]",
    "[1e400x]",
    "[1e4001e400]",
    "[1.e400]",
    "[+1e400]",
    "[1e400.5]",
    '["a"1e400]',
    '["a 1e400]',
    "1e400-",
    "[12345678901234567890-1]",
  ])("is refused where it is no JSON: %s", (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  it("reads every number as JSON.parse does, or exactly", () => {
    const digits = ["0", "7", "10", "1234567890123456", "12345678901234567", "90071992547409931"];
    const fractions = ["", ".0", ".5", ".10", ".1234567890123456789"];
    const exponents = ["", "e0", "E5", "e+20", "e-20", "e308", "e-330"];
    for (const sign of ["", "-"]) {
      for (const whole of digits) {
        for (const fraction of fractions) {
          for (const exponent of exponents) {
            const text = `${sign}${whole}${fraction}${exponent}`;
            const [read] = [parseJson(`[${text}]`)].flat();
            const printed = JSON.stringify(read);
            expect(Math.abs(Number(printed)), text).toBe(Math.abs(Number(text)));
            expect(JSON.stringify(parseJson(printed)), text).toBe(printed);
          }
        }
      }
    }
  });

  it("costs about a parse, not a call for every value", () => {
    // Work is counted: JSON.parse with a reviver would call it 300,000 times.
    const text = `[12345678901234567890${",1".repeat(300_000)}]`;
    const parse = JSON.parse;
    let revivers = 0;
    JSON.parse = (json: string, reviver?: Parameters<typeof parse>[1]) => {
      if (reviver !== undefined) revivers += 1;
      return parse(json, reviver);
    };
    try {
      parseJson(text);
    } finally {
      JSON.parse = parse;
    }
    expect(revivers).toBe(0);
  });
});

describe("one number, however it is written", () => {
  it.each([
    ["1.2345678901234567891e5", "123456.78901234567891"],
    ["123456789012345678900e-1", "12345678901234567890.0"],
    ["1e400", "10E399"],
    ["-1e-330", "-0.1e-329"],
  ])("%s is %s", (one, other) => {
    expect(parseJson(one)).toStrictEqual(parseJson(other));
  });

  it("is no change when it is sent again", async () => {
    const body = '{"custom_fields":{"a":1.2345678901234567891e5}}';
    const made = await send("/api/v1/crm/accounts", "POST", body);
    const id = /acc-[0-9a-f-]{36}/.exec(made)?.[0] ?? made;
    expect(await send(`/api/v1/crm/accounts/${id}`, "PATCH", body)).toMatch(/^200 /);
    const told = await graphql(
      `{ account(id: "${id}") { history { nodes { changes { field } } } } }`,
    );
    expect(told.match(/"custom_fields"/g)).toHaveLength(1);
  });
});

describe("a number that cannot be stored", () => {
  it.each([
    'path: ["a"], gt: 1e999999',
    'path: ["a"], lt: -1e999999',
    'path: ["a"], eq: 1e-999999',
    'path: ["a"], ne: 1e200000',
    'path: ["a"], eq: { b: [1e999999] }',
  ])("is refused in a filter: %s", async (filter) => {
    const answer = await graphql(
      `{ deals(where: { customFields: { ${filter} } }) { totalCount } }`,
    );
    expect(answer).toContain('"code":"BAD_USER_INPUT"');
    expect(answer).toContain("holds a number that JSON readers take for 0 or infinite");
  });

  it("is refused as a variable of a filter", async () => {
    const answer = await graphql(
      "query ($v: JSON) { deals(where: { customFields: { path: [], gte: $v } }) { totalCount } }",
      '{"v":1e999999}',
    );
    expect(answer).toContain('"code":"BAD_USER_INPUT"');
  });
});

it("a value is measured as PostgreSQL prints it", () => {
  const large = (count: number) =>
    parseJson(`[${Array(count).fill("1.23456789012345678e308").join()}]`);
  expect(jsonComplaint(large(200))).toBeNull();
  const tooLarge = { complaint: "jsonTooLarge", kilobytes: 64 };
  expect(jsonComplaint(large(2_700))).toEqual(tooLarge);
  expect(jsonComplaint(parseJson(`[${Array(300).fill("1.5e-300").join()}]`))).toEqual(tooLarge);
});

it("a request under an idempotency key is another one with another number", () => {
  const sent = [
    '{"a":12345678901234567890}',
    '{"a":{"source":"12345678901234567890"}}',
    '{"a":"12345678901234567890"}',
    '{"a":12345678901234567891}',
    '{"a":12345678901234567000}',
  ].map((text) => hashRequest(parseJson(text)).toString("hex"));
  expect(new Set(sent).size).toBe(sent.length);
});

describe("where no exact number is read", () => {
  it.each([
    ["$v: Int", "{ deals(first: $v) { totalCount } }", "Int cannot represent"],
    ["$v: ID!", "{ deal(id: $v) { id } }", "12345678901234567"],
    ["$v: DealFilter", "{ deals(where: $v) { totalCount } }", "to be an object"],
    ["$v: [DealFilter!]", "{ deals(where: { or: $v }) { totalCount } }", "to be an object"],
    ["$v: String", "{ deals(search: $v) { totalCount } }", "String cannot represent"],
  ])("a variable %s gets a plain one", async (type, selection, message) => {
    const answer = await graphql(`query (${type}) ${selection}`, '{"v":12345678901234567890}');
    expect(answer).toContain(message);
    expect(answer).not.toMatch(/rawJSON|source|INTERNAL/);
  });

  it("an input object gets a plain one", async () => {
    for (const input of ["12345678901234567890", '{"name":12345678901234567890}']) {
      const answer = await graphql(
        "mutation ($v: CreateAccountInput!) { createAccount(input: $v) { account { id } } }",
        `{"v":${input}}`,
      );
      expect(answer).toContain("1234567890123456");
      expect(answer).not.toMatch(/rawJSON|source|INTERNAL|acc-/);
    }
  });

  it.each([
    ["1e400", "must be a JSON object"],
    ['{"query":1e400}', "given number"],
    ['{"query":"{ __typename }","variables":1e400}', "given number"],
    ['{"query":"{ __typename }","extensions":1e400}', "given number"],
    ['{"query":"{ __typename }","operationName":1e400}', "what operation"],
  ])("the body %s is refused", async (body, message) => {
    const answer = await send("/graphql", "POST", body);
    expect(answer).toMatch(/^400 /);
    expect(answer).toContain(message);
  });

  it("a line item of a quote is refused over REST", async () => {
    const answer = await send("/api/v1/crm/quotes", "POST", '{"name":"q","line_items":[1e400]}');
    expect(answer).toMatch(/^400 /);
    expect(answer).toContain("line_items.0");
    expect(answer).not.toContain("source");
  });
});
