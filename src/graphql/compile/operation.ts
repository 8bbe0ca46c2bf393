import type { GraphQLObjectType } from "graphql";
import { parseId } from "../../lib/id.ts";
import { param, raw, render, sql, type Sql, type Statement } from "../../lib/sql.ts";
import type { Entity } from "../../model/entity.ts";
import { sourceOf } from "../schema/source.ts";
import { Late } from "./call.ts";
import { NotCompiled, type Compilation, type Selected } from "./compilation.ts";
import { objectOf, orNull, textOf, type Json } from "./json.ts";
import { listText } from "./list.ts";
import { oneRecord } from "./record.ts";

/** A statement, and whether its plan depends on what is looked for. */
export type CompiledStatement = Statement & { readonly isPlannedEach: boolean };

/** The one statement that answers a query: a single text, the answer's data. */
export function queryStatement(
  c: Compilation,
  root: GraphQLObjectType,
  fields: readonly Selected[],
): CompiledStatement {
  const json = objectOf(fields.map((field) => [field.key, rootJson(c, root, field)] as const));
  return { ...render(sql`SELECT ${textOf(json)}`), isPlannedEach: c.looksForText };
}

function rootJson(c: Compilation, root: GraphQLObjectType, selected: Selected): Json {
  const { definition } = selected;
  if (definition === null) {
    if (selected.name !== "__typename") throw new NotCompiled();
    return [`"${root.name}"`];
  }
  const from = sourceOf(definition);
  switch (from?.kind) {
    case "list":
      return [listText(c, null, selected, from)];
    case "record":
      return orNull(recordText(c, c.catalog.entity(from.entity), selected));
    case "ownTenant": {
      const tenant = c.catalog.entity("tenant");
      // The resolver fails where it is gone.
      return [
        oneRecord(c, tenant, selected, false, (alias) =>
          isId(alias, new Late(({ viewer }) => viewer.tenantId)),
        ),
      ];
    }
    default:
      throw new NotCompiled();
  }
}

const isId = (alias: string, id: unknown): Sql =>
  sql`${raw(`${alias}."id"`)} = ${param(id, "uuid")}`;

/** A record by its id. */
function recordText(c: Compilation, entity: Entity, selected: Selected): Sql {
  const args = c.argumentsOf(selected);
  const [given, ...others] = Object.entries(args.values).filter(([, value]) => value != null);
  if (given?.[0] !== "id" || others.length > 0) throw new NotCompiled();
  const id = args.late("id", (value) => parseId(entity.prefix, String(value), ["id"]));
  return oneRecord(c, entity, selected, false, (alias) => isId(alias, id));
}
