import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sortKeys } from "../../../src/rest/list-query.ts";
import { operations } from "../../../src/rest/operations.ts";
import type { Operation } from "../../../src/rest/face.ts";
import { at, listAt, startGateway, type TestGateway } from "../../support/gateway/gateway.ts";
import { openApi, validatorAt } from "../../support/rest/openapi-contract.ts";
import { restClient, type RestClient } from "../../support/rest/client.ts";

let gateway: TestGateway;
let rest: RestClient;

beforeAll(async () => {
  gateway = await startGateway({ env: { POINTS_PER_MINUTE: "100000000" } });
  const north = await gateway.fixtures.tenant("north");
  rest = restClient(gateway, {
    "x-api-key": await gateway.keyFor("north"),
    "x-organization-id": north.id,
  });
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
