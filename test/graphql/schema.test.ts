import { expect, it } from "vitest";
import { printSchemaText } from "../../src/graphql/schema/print.ts";
import { Catalog } from "../../src/model/catalog.ts";
import { catalog } from "../../src/modules/catalog.ts";
import { createSchema } from "../../src/schema.ts";
import { schema } from "../support/gateway/schema.ts";

it("is made as often as it is wanted, each time the same and of its own", () => {
  const other = createSchema(new Catalog(catalog.entities, catalog.apart));
  expect(printSchemaText(other)).toBe(printSchemaText(schema));
  expect(other.getType("Account")).not.toBe(schema.getType("Account"));
});
