import type { Entity } from "../model/entity.ts";
import { sqlTypeOf } from "../model/field.ts";
import type { Relation } from "../model/relation.ts";
import { fieldSql } from "./order.ts";
import { all, name, param, raw, sql, type Sql } from "../lib/sql.ts";

/** What ties the row `near` to the row `far` over a relation of `source`. */
export function relationJoin(
  relation: Relation,
  source: Entity,
  target: Entity,
  aliases: { near: string; far: string },
  tenant: Sql,
): Sql {
  const { near, far } = aliases;
  const nearId = raw(`${near}."id"`);
  if (relation.kind === "one") {
    const key = source.fields[relation.key];
    if (key === undefined) throw new Error(`${source.name} has no field ${relation.key}`);
    return sql`${raw(`${far}."id"`)} = ${fieldSql(near, relation.key, key)}`;
  }
  if (relation.kind === "many") {
    const key = target.fields[relation.key];
    if (key === undefined) throw new Error(`${target.name} has no field ${relation.key}`);
    const named = sql`${fieldSql(far, relation.key, key)} = ${nearId}`;
    if (relation.only === null) return named;
    const only = target.fields[relation.only.field];
    if (only === undefined) throw new Error(`${target.name} has no ${relation.only.field}`);
    const kind = param(relation.only.value, sqlTypeOf(only));
    return all([named, sql`${fieldSql(far, relation.only.field, only)} = ${kind}`]);
  }
  return sql`${raw(`${far}."id"`)} IN (SELECT j.${raw(name(relation.target))} FROM ${raw(
    name(relation.table),
  )} j WHERE j."tenant_id" = ${tenant} AND j.${raw(name(relation.source))} = ${nearId})`;
}

/** The join table between two rows, as a further table of a FROM. */
export function linkJoin(
  { table, source, target }: Extract<Relation, { kind: "through" }>,
  { near, far }: { readonly near: string; readonly far: string },
  tenant: Sql,
): { readonly from: Sql; readonly condition: Sql } {
  const link = `${far}_link`;
  const column = (of: string): Sql => raw(`${link}.${name(of)}`);
  return {
    from: raw(`, ${name(table)} ${link}`),
    condition: all([
      sql`${column("tenant_id")} = ${tenant}`,
      sql`${column(source)} = ${raw(`${near}."id"`)}`,
      sql`${column(target)} = ${raw(`${far}."id"`)}`,
    ]),
  };
}
