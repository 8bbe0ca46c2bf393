import { glob, readFile } from "node:fs/promises";
import {
  FieldsOnCorrectTypeRule,
  isInputObjectType,
  isObjectType,
  isScalarType,
  NoUnusedFragmentsRule,
  parse,
  ScalarLeafsRule,
  specifiedRules,
  specifiedScalarTypes,
  validate,
} from "graphql";
import { expect, it } from "vitest";
import { codegenMaps } from "../../src/graphql/schema/codegen-maps.ts";
import { schema } from "../support/gateway/schema.ts";

const root = new URL("../../", import.meta.url);
const read = (file: string): Promise<string> => readFile(new URL(file, root), "utf8");

/** Without what stands before a line: a block may leave out the indentation that its lines have in common. */
const lines = (text: string): string => text.trim().replaceAll(/^\s+/gm, "");

it("docs/frontend.md shows the code of the examples, which run in Chromium (test/examples)", async () => {
  const text = await read("docs/frontend.md");
  // A line above each block names the file that it is a part of.
  const blocks = [...text.matchAll(/^\[`(\S+)`\]\(\.\.\/(\S+)\):?\n\n```\w+\n(.*?)^```/gms)];
  const fences = [...text.matchAll(/^```\w+$/gm)];
  expect(blocks.length).toBeGreaterThan(10);
  expect(blocks.length).toBe(fences.length);
  for (const [, name = "", file = "", block = ""] of blocks) {
    expect(file.endsWith(name), `${name} is ${file}`).toBe(true);
    expect(lines(await read(file)), file).toContain(lines(block));
  }
});

it("the examples' operations are valid", async () => {
  const texts: Record<string, string[]> = {};
  for await (const file of glob("examples/{apollo,urql,relay}/src/**/*.{ts,tsx}", { cwd: root })) {
    if (file.includes("__generated__") || file.includes("/gql/")) continue;
    const [, app = ""] = file.split("/");
    const source = await read(file);
    for (const [, text = ""] of source.matchAll(/graphql\(?`([^`…]+)`/g))
      (texts[app] ??= []).push(text);
  }
  for (const [app, operations] of Object.entries(texts)) {
    expect(operations.length, app).toBeGreaterThan(5);
    // Relay's compiler knows directives and variables of fragments that the schema does not. urql's cache writes a
    // fragment that no operation has.
    const rules =
      app === "relay"
        ? [FieldsOnCorrectTypeRule, ScalarLeafsRule]
        : specifiedRules.filter((rule) => rule !== NoUnusedFragmentsRule);
    const complaints = validate(schema, parse(operations.join("\n")), rules);
    expect(
      complaints.map(({ message }) => message),
      app,
    ).toEqual([]);
  }
});

/** Fields of inputs that stand for no field of the record alone: lists, and second names. */
const others: Readonly<Record<string, readonly string[]>> = {
  Activity: ["activity_date", "contact_ids", "notes"],
  Contact: ["phone_1"],
  Deal: ["contact_ids"],
  Quote: ["line_items", "valid_until", "value"],
};

it("Relay's config has the scalars of `crm codegen-config`", async () => {
  const config: unknown = JSON.parse(await read("examples/relay/relay.config.json"));
  const { scalars } = codegenMaps(schema);
  const output = Object.entries(scalars).map(([name, types]) => [name, types.output]);
  expect(config).toMatchObject({ customScalarTypes: Object.fromEntries(output) });
});

it("`crm codegen-config` knows every scalar, and only fields that inputs and records have", () => {
  const { scalars, inputNames } = codegenMaps(schema);
  const own = Object.values(schema.getTypeMap()).filter(isScalarType);
  const builtIn = specifiedScalarTypes.map(({ name }) => name).filter((name) => name !== "ID");
  expect(Object.keys(scalars).toSorted()).toEqual(
    own
      .map(({ name }) => name)
      .filter((name) => !builtIn.includes(name))
      .toSorted(),
  );
  for (const [type, names] of Object.entries(inputNames)) {
    const record = schema.getType(type);
    const input = schema.getType(`Create${type}Input`);
    if (!isObjectType(record) || !isInputObjectType(input)) throw new Error(`no type ${type}`);
    expect(Object.keys(names).filter((name) => !(name in input.getFields()))).toEqual([]);
    expect(Object.values(names).filter((name) => !(name in record.getFields()))).toEqual([]);
    const left = Object.values(input.getFields())
      .filter(({ name, deprecationReason }) => !(name in names) && deprecationReason == null)
      .map(({ name }) => name);
    expect(left, type).toEqual(others[type] ?? []);
  }
});
