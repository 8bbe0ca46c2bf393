import { readFile } from "node:fs/promises";
import { isObjectType } from "graphql";
import { expect, it } from "vitest";
import { sourceOf } from "../../src/graphql/schema/source.ts";
import { catalog } from "../../src/modules/catalog.ts";
import { schema } from "../support/gateway/schema.ts";

it("docs/compiled.md names the fields of queries and records that only their resolvers answer, and no others", async () => {
  const text = await readFile(new URL("../../docs/compiled.md", import.meta.url), "utf8");
  const types = ["Query", ...catalog.entities.map(({ type }) => type)];
  const interpreted = types.flatMap((name) => {
    const type = schema.getType(name);
    const fields = isObjectType(type) ? Object.values(type.getFields()) : [];
    return fields
      .filter((field) => sourceOf(field) === null)
      .map((field) => `${name}.${field.name}`);
  });
  const named = [...text.matchAll(/`([A-Z][A-Za-z]+\.[a-z][A-Za-z]+)`/g)].map(([, field]) => field);
  expect(new Set(named)).toEqual(new Set(interpreted));
});
