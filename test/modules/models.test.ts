import {
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedDirective,
  isSpecifiedScalarType,
} from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalog } from "../../src/modules/catalog.ts";
import { sqlTypeOf } from "../../src/model/field.ts";
import { schema } from "../support/gateway/schema.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { Fixtures } from "../support/samples/fixtures.ts";

type Column = {
  table_name: string;
  column_name: string;
  is_nullable: "YES" | "NO";
  is_generated: string;
  type: string;
};

let database: TestDatabase;
let fixtures: Fixtures;
let columns: Column[];

beforeAll(async () => {
  database = await createTestDatabase();
  fixtures = await Fixtures.open(database.url);
  const { rows } = await fixtures.client.query<Column>(
    `SELECT table_name, column_name, is_nullable, is_generated,
            CASE WHEN udt_name = '_text' THEN 'text[]' WHEN udt_name = 'int4' THEN 'integer'
                 WHEN udt_name = 'int8' THEN 'bigint'
                 WHEN udt_name = 'bool' THEN 'boolean' ELSE udt_name END AS type
     FROM information_schema.columns WHERE table_schema = 'public'`,
  );
  columns = rows;
});
afterAll(async () => {
  await fixtures.close();
  await database.drop();
});

describe.each(catalog.entities.map((entity) => [entity.name, entity] as const))(
  "the model of %s",
  (_, entity) => {
    it("has a field for each column, of the same type and nullability", () => {
      const inTable = columns.filter((column) => column.table_name === entity.table);
      const fields = { ...entity.fields, ...entity.internal };
      const inModel = Object.values(fields).map((definition) => ({
        column: definition.column,
        type: sqlTypeOf(definition),
        nullable: definition.nullable,
      }));
      const known = new Set(inModel.map(({ column }) => column));
      const expected = inTable
        // What PostgreSQL computes for searches and look-ups nobody reads or writes.
        .filter((column) => column.is_generated === "NEVER" || known.has(column.column_name))
        .map(({ column_name, type, is_nullable }) => ({
          column: column_name,
          type,
          nullable: is_nullable === "YES",
        }));
      const byColumn = (left: { column: string }, right: { column: string }) =>
        left.column.localeCompare(right.column);
      expect(inModel.toSorted(byColumn)).toEqual(expected.toSorted(byColumn));
    });

    it("says which fields search_text holds, and how much of each", async () => {
      const searched = Object.entries(entity.fields).filter(
        ([, definition]) => definition.searched,
      );
      expect(searched.length > 0 && !entity.searchable).toBe(false);
      const { rows } = await fixtures.client.query<{ expression: string }>(
        `SELECT pg_get_expr(d.adbin, d.adrelid) AS expression FROM pg_attrdef d
       JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
       WHERE d.adrelid = $1::regclass AND a.attname = 'search_text'`,
        [entity.table],
      );
      const expression = rows[0]?.expression ?? "";
      for (const [name, definition] of searched) {
        const column = definition.column;
        const cut = new RegExp(`\\bsearch_prose\\(${column}\\)`);
        expect(expression, name).toMatch(new RegExp(`\\b${column}\\b`));
        expect(cut.test(expression), name).toBe(definition.searched === "beginning");
      }
      const known = new Set(searched.map(([, definition]) => definition.column));
      const mentioned =
        expression.match(/(?:COALESCE|search_prose)\((\w+)(?=,|\))|\|\| (\w+_number)\b/g) ?? [];
      const unknown = mentioned
        .map((text) => /(\w+)\)?$/.exec(text)?.[1] ?? "")
        .filter((column) => !known.has(column));
      expect(unknown.filter((column) => column !== "custom_display_name")).toEqual([]);
    });

    it("is walked both ways: every edge has its inverse", () => {
      for (const [name, relation] of Object.entries(entity.relations)) {
        // Back from the history goes `record`, which leads to any kind of record.
        if (name === "history") continue;
        const back = Object.values(catalog.entity(relation.to).relations).filter(
          (other) => other.to === entity.name,
        );
        expect(back.length, `${entity.name}.${name}`).toBeGreaterThan(0);
      }
    });
  },
);

describe("the schema", () => {
  it("describes every type, field, argument and enum value", () => {
    const missing: string[] = [];
    const check = (name: string, description: string | null | undefined): void => {
      if (description == null || description.trim() === "") missing.push(name);
    };
    for (const type of Object.values(schema.getTypeMap())) {
      if (isIntrospectionType(type) || isSpecifiedScalarType(type)) continue;
      check(type.name, type.description);
      if (isEnumType(type)) {
        for (const value of type.getValues())
          check(`${type.name}.${value.name}`, value.description);
      }
      if (isObjectType(type) || isInterfaceType(type)) {
        for (const field of Object.values(type.getFields())) {
          check(`${type.name}.${field.name}`, field.description);
          for (const argument of field.args)
            check(`${type.name}.${field.name}(${argument.name})`, argument.description);
        }
      }
      if (isInputObjectType(type)) {
        for (const field of Object.values(type.getFields()))
          check(`${type.name}.${field.name}`, field.description);
      }
    }
    for (const directive of schema.getDirectives()) {
      if (!isSpecifiedDirective(directive)) check(`@${directive.name}`, directive.description);
    }
    expect(missing).toEqual([]);
  });
});
