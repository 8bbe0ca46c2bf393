import {
  TypeInfo,
  Kind,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type GraphQLSchema,
} from "graphql";
import { parsedCursor } from "../../lib/cursor.ts";
import { splitId } from "../../lib/id.ts";
import { sourceOf } from "../schema/source.ts";
import type { Variables } from "../server/variables.ts";

/**
 * The part of a variable that changes the SQL: its presence (a page size, an id of a known entity), the nulls among a
 * cursor's values, the entity of an id, the entities of a list of ids, or its whole value, as in filters and orders. A
 * variable that is only for a verb, or says what a subscription listens for, does not change the SQL.
 */
type Use = "given" | "cursor" | "entity" | "entities" | "whole" | "verb";

/** Arguments whose values are parameters of the statement. */
const parameters: Readonly<Record<string, Readonly<Record<string, Use>>>> = {
  list: { first: "given", last: "given", after: "cursor", before: "cursor" },
  record: { id: "given", number: "given" },
  node: { id: "entity" },
  nodes: { ids: "entities", representations: "entities" },
  search: { first: "given", after: "cursor" },
};

/** How the variables of a document are used, wherever they stand in it. */
export function usesOf(schema: GraphQLSchema, document: DocumentNode): ReadonlyMap<string, Use> {
  const uses = new Map<string, Use>();
  const types = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(types, {
      // Its type and default are no uses.
      VariableDefinition: () => false,
      Variable(node, _key, around) {
        const name = node.name.value;
        const argument =
          around !== undefined && "kind" in around && around.kind === Kind.ARGUMENT
            ? around.name.value
            : "";
        const field = types.getFieldDef();
        const isOfField = types.getDirective() == null && field != null;
        const from = isOfField ? sourceOf(field)?.kind : undefined;
        const parent = types.getParentType();
        const isOfVerb =
          isOfField &&
          (parent === schema.getMutationType() || parent === schema.getSubscriptionType());
        const use = isOfVerb ? "verb" : (parameters[from ?? ""]?.[argument] ?? "whole");
        const known = uses.get(name);
        if (known === undefined || known === "verb") uses.set(name, use);
        else if (known !== use && use !== "verb") uses.set(name, "whole");
      },
    }),
  );
  return uses;
}

/** A text that is the same for calls whose SQL is the same. */
export function shapeOf(uses: ReadonlyMap<string, Use>, variables: Variables): string {
  let shape = "";
  for (const [name, use] of uses) {
    if (use !== "verb") shape += `${used(use, variables[name])} `;
  }
  return shape;
}

function used(use: Use, value: unknown): string {
  if (value === undefined) return "u";
  if (value === null) return "n";
  switch (use) {
    case "given":
      return "g";
    case "entity":
      return JSON.stringify(prefixOf(value));
    case "entities":
      return JSON.stringify(
        [...new Set((Array.isArray(value) ? value : [value]).map(prefixOf))].toSorted(),
      );
    case "cursor":
      return (parsedCursor(asText(value)) ?? [])
        .map((part) => (part === null ? "0" : "1"))
        .join("");
    default:
      return JSON.stringify(value);
  }
}

/** As it was sent: printed as JSON, so that no text can look like the shape of other variables. */
const prefixOf = (id: unknown): string => splitId(asText(id))?.prefix ?? "?";
const asText = (value: unknown): string => (typeof value === "string" ? value : "");
