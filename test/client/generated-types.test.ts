import { describe, expect, it } from "vitest";
import { typesOf } from "../../client/generate.ts";

const json = (schema: object) => ({ content: { "application/json": { schema } } });
const refTo = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const moment = [{ format: "date-time" }, { format: "date" }];

/** A document that has one of everything that types are made of. */
const document = {
  components: {
    parameters: {
      Limit: { name: "limit", in: "query", description: "So many.", schema: { type: "integer" } },
    },
    responses: { Ship: json({ type: "object", properties: { data: refTo("Ship") } }) },
    schemas: {
      NeverUsed: { type: "object", properties: {} },
      Ship: {
        description: "A ship.",
        type: "object",
        properties: {
          id: { type: "string", pattern: "^ship-" },
          launched: { type: ["string", "null"], format: "date-time" },
          flags: {
            type: "array",
            items: { type: "string", maxLength: 9 },
            minItems: 1,
            maxItems: 3,
          },
          kind: { description: "What it is.", ...refTo("KindValue") },
          log: { description: "Anything." },
        },
        required: ["id", "launched", "flags", "kind", "log"],
        additionalProperties: false,
      },
      CreateShipInput: {
        type: "object",
        properties: {
          tons: { anyOf: [{ type: "string" }, { type: "number" }, { type: "null" }] },
          launched: { type: ["string", "null"], anyOf: moment },
        },
        additionalProperties: false,
      },
      KindValue: { type: "string", enum: ["sail", "steam"] },
      KindComparisons: {
        type: "object",
        properties: {
          eq: refTo("KindValue"),
          in: { description: "Any.", type: "string" },
          is_null: { type: "boolean" },
        },
        minProperties: 1,
        additionalProperties: false,
      },
      KindFilter: { anyOf: [refTo("KindValue"), refTo("KindComparisons")] },
      ShipOrder: { type: "string", pattern: "^\\s*[-+]?(?:id)\\s*$" },
    },
  },
  paths: {
    "/boats": { get: { operationId: "listShipsAtBoats", "x-alias-of": "listShips" } },
    "/ships": {
      parameters: [],
      get: {
        operationId: "listShips",
        parameters: [
          { $ref: "#/components/parameters/Limit" },
          { name: "sort", in: "query", schema: { type: "array", items: refTo("ShipOrder") } },
          { name: "kind", in: "query", schema: refTo("KindFilter"), style: "deepObject" },
          { name: "X-Harbor", in: "header", schema: { type: "string" } },
        ],
        responses: { 200: json({ type: "object", properties: { data: refTo("NeverUsed") } }) },
      },
      post: {
        operationId: "createShip",
        requestBody: json(refTo("CreateShipInput")),
        responses: { 201: { $ref: "#/components/responses/Ship" }, 400: json(refTo("NeverUsed")) },
      },
    },
  },
};

describe("types from an OpenAPI document", () => {
  it("have its names and descriptions, and what is used of it", async () => {
    const code = await typesOf(document);
    expect(code).toMatch(/^\/\*\n \* .*openapi.*\n \*\/\n/i);
    expect(code.slice(code.indexOf("export")).trim()).toBe(
      `
export type ShipOrder = "id" | "-id";
export type KindFilter = KindValue | KindComparisons;
export type KindValue = "sail" | "steam";

/** What \`listShips\` can be asked for. */
export interface ListShipsParameters {
  /** So many. */
  limit?: number;
  sort?: ShipOrder | readonly ShipOrder[];
  kind?: KindFilter | null;
}
export interface KindComparisons {
  eq?: KindValue;
  /** Any. */
  in?: readonly KindValue[];
  is_null?: boolean;
}
export interface CreateShipInput {
  tons?: string | number | null;
  launched?: string | Date | null;
}
/** A ship. */
export interface Ship {
  id: string;
  launched: string | null;
  flags: string[];
  /** What it is. */
  kind: KindValue;
  /** Anything. */
  log: unknown;
}`.trim(),
    );
  });
});
