import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sortKeys } from "../../../src/rest/list-query.ts";
import { operations } from "../../../src/rest/operations.ts";
import type { Operation } from "../../../src/rest/face.ts";
import { at, listAt, startGateway, type TestGateway } from "../../support/gateway/gateway.ts";
import { assertDocumented, openApi, validatorAt } from "../../support/rest/openapi-contract.ts";
import { Random } from "../../../src/seed/random.ts";
import { hostileTexts } from "../../support/fuzz/hostile-values.ts";
import { isLong, runSeed } from "../../support/run/run-length.ts";
import { restClient, type RestClient } from "../../support/rest/client.ts";

let gateway: TestGateway;
let rest: RestClient;

let credentials: Readonly<Record<string, string>>;

beforeAll(async () => {
  gateway = await startGateway({ env: { POINTS_PER_MINUTE: "100000000" } });
  const north = await gateway.fixtures.tenant("north");
  credentials = { "x-api-key": await gateway.keyFor("north"), "x-organization-id": north.id };
  rest = restClient(gateway, credentials);
});
afterAll(() => gateway.close());

const lists = operations.flatMap((operation): [string, Operation][] =>
  operation.verb === "list" ? [[operation.id, operation]] : [],
);

/** What a pointer leads to, or the value itself. */
function resolved(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("$ref" in value)) return value;
  return at(openApi, ...String(value.$ref).slice("#/".length).split("/"));
}

const uuid = "019cbd7f-679e-705d-b742-3c0d785c8c30";
/** Of each kind of value one. */
const candidates = ["2026-11-30", uuid, "1.5", "7", "business", "call", "sent", "api", "percent"];

/** A value that a schema takes, as a query holds it. */
function valueFor(schema: unknown, pointer: string): string {
  const validate = validatorAt(pointer);
  const isNumber = String(at(schema, "type")).includes("integer");
  if (at(schema, "type") === "boolean") return "true";
  const examples: unknown = Reflect.get(Object(schema), "examples");
  const found = [...(Array.isArray(examples) ? examples.map(String) : []), ...candidates].find(
    (text) => validate(isNumber ? Number(text) : text),
  );
  if (found === undefined) throw new Error(`no value for ${pointer}`);
  return found;
}

/** What is asked for by a parameter, one thing at a time. */
function questions(parameter: unknown): readonly (readonly [string, string])[] {
  const name = String(at(parameter, "name"));
  const schema = at(parameter, "schema");
  if (at(parameter, "in") !== "query") return [];
  if (["limit", "cursor", "q", "sort", "include_deleted"].includes(name)) return [];
  const pointer =
    typeof schema === "object" && schema !== null && "$ref" in schema ? String(schema.$ref) : null;
  if (pointer === null) {
    const values = Reflect.get(Object(schema), "enum");
    const isBoolean = at(schema, "type") === "boolean";
    return [[name, Array.isArray(values) ? String(values[0]) : isBoolean ? "true" : "x"]];
  }
  const within: unknown = Reflect.get(Object(resolved(schema)), "additionalProperties");
  if (typeof within === "object")
    return questions({ name: `${name}[region]`, in: "query", schema: within });
  const [value, compared] = listAt(resolved(schema), "anyOf");
  const plain = valueFor(resolved(value), String(at(value, "$ref")));
  const comparisons = Object.entries(Object(at(resolved(compared), "properties")));
  return [
    [name, plain],
    ...comparisons.map(([comparison, one]): [string, string] => [
      `${name}[${comparison}]`,
      Reflect.get(Object(one), "type") === "boolean" ? "false" : plain,
    ]),
  ];
}

const isDeep = (parameter: unknown): boolean => Object(parameter)["style"] === "deepObject";
const comparisons = [
  "eq",
  "ne",
  "gte",
  "lt",
  "in",
  "not_in",
  "contains",
  "is_null",
  "all",
  "a.b",
  "",
];

/** Texts of a query or a path as they are sent. */
const oddTexts = [
  ...hostileTexts.map((json) => {
    const value: unknown = JSON.parse(json);
    return encodeURIComponent((typeof value === "string" ? value : json).toWellFormed());
  }),
  ...[
    "",
    "%00",
    "%",
    "%zz",
    "%ff",
    "%ed%a0%80",
    "%2e%2e%2f",
    "%5B%5D",
    "%E2%80%AE",
    "a,".repeat(300),
  ],
];
/** Header values that a client can send. */
const oddHeaders = [
  "",
  "*",
  '"',
  '""',
  'W/"1"',
  '"9999999999"',
  "\u00e9",
  "__proto__",
  "-1",
  "k".repeat(300),
];

const methodsAt = (path: string): [string, unknown][] =>
  Object.entries(Object(at(openApi, "paths", path)));

describe("what a list can be asked for is what the document has", () => {
  it.each(lists)("%s takes each filter with each comparison", async (_, { path }) => {
    const asked = listAt(openApi, "paths", path, "get", "parameters").map((one) =>
      questions(resolved(one)),
    );
    expect(asked.flat().length).toBeGreaterThan(3);
    for (const one of asked.filter((some) => some.length > 0)) {
      const query = new URLSearchParams(one.map(([name, value]) => [name, value]));
      const { status, text } = await rest.get(`${path}?${query}`);
      expect([status, text]).toEqual([200, expect.stringContaining('"data":[]')]);
    }
  });

  it.each(lists)("%s takes each order, and no key beside the document's", async (_, operation) => {
    const { path, resource } = operation;
    const parameters = listAt(openApi, "paths", path, "get", "parameters").map(resolved);
    const sort = parameters.find((one) => at(one, "name") === "sort");
    const keys = new Set(sort === undefined ? [] : sortKeys(resource));
    const isTerm =
      sort === undefined ? null : validatorAt(String(at(sort, "schema", "items", "$ref")));
    const written = [
      "x",
      "-x",
      "+x",
      " x ",
      "\t-x\u00a0",
      "\ufeffx",
      "- x",
      "--x",
      "-+x",
      "x y",
      "X",
      "x[",
      "",
    ];
    const terms = ["id", ...keys, "tags", "nam", "__proto__"].flatMap((key) =>
      (key === "id" ? written : ["x", "-x"]).map((form) => form.replace(/x/i, key)),
    );
    for (const term of terms) {
      const { status } = await rest.get(`${path}?sort=${encodeURIComponent(term)}`);
      expect([term, status]).toEqual([term, isTerm?.(term) === true ? 200 : 400]);
    }
    const names = parameters.map((one) => at(one, "name"));
    const unknown = resource.projection.members.filter(({ key }) => !names.includes(key));
    for (const { key } of unknown) {
      expect((await rest.get(`${path}?${key}=x`)).status).toBe(400);
      expect((await rest.get(`${path}?sort=${key}`)).status).toBe(400);
    }
  });
});

// Behind the others: it makes records.
it(`each parameter takes a value or refuses it as the document says (CRM_TEST_SEED=${runSeed})`, async () => {
  const random = new Random(`odd parameters ${runSeed}`);
  const failed: string[] = [];
  const ask = async (
    method: string,
    path: string,
    { own = "", headers = {} }: { own?: string; headers?: Readonly<Record<string, string>> },
  ): Promise<void> => {
    const hasBody = ["POST", "PATCH", "PUT"].includes(method);
    const named = path.replace(/\{\w+\}/, (parameter) => (own === "" ? uuid : own));
    const response = await fetch(`${gateway.url}${named}`, {
      method,
      headers: {
        ...credentials,
        ...(hasBody ? { "content-type": "application/json" } : {}),
        ...headers,
      },
      ...(hasBody ? { body: "{}" } : {}),
    });
    const { status, headers: sent } = response;
    const told = `${method} ${named.slice(0, 500)} ${JSON.stringify(headers)}`;
    try {
      const text = await response.text();
      assertDocumented({ method, path: named, status, headers: sent, text });
      if (status >= 500) failed.push(`${told} → ${status} ${text}`);
    } catch (error) {
      failed.push(`${told} → ${status} ${String(error)}`);
    }
  };
  const cases = Object.keys(Object(at(openApi, "paths"))).flatMap((path) =>
    methodsAt(path).flatMap(([method, operation]) =>
      listAt(operation, "parameters")
        .map(resolved)
        .flatMap((parameter): (() => Promise<void>)[] => {
          const [name, place] = [String(at(parameter, "name")), at(parameter, "in")];
          const verb = method.toUpperCase();
          const values = place === "header" ? oddHeaders : oddTexts;
          return (isLong ? values : [random.pick(values)]).map((value) => {
            if (place === "header") return () => ask(verb, path, { headers: { [name]: value } });
            if (place === "path") return () => ask(verb, path, { own: value });
            const asked = isDeep(parameter) ? `${name}[${random.pick(comparisons)}]` : name;
            return () => ask(verb, `${path}?${encodeURIComponent(asked)}=${value}`, {});
          });
        }),
    ),
  );
  expect(cases.length).toBeGreaterThan(800);
  for (let from = 0; from < cases.length; from += 20) {
    await Promise.all(cases.slice(from, from + 20).map((one) => one()));
  }
  expect(failed).toEqual([]);
}, 600_000);
