import type { Stored, Values } from "../../model/record.ts";
import { isDeepStrictEqual } from "node:util";
import { isRecord } from "../../lib/json.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { Entity } from "../../model/entity.ts";
import type { Field } from "../../model/field.ts";
import { isEmpty } from "../../model/kinds/parts/is-empty.ts";
import { publicValue } from "../../model/public-value.ts";
import type { MergeRules } from "../entity-writes.ts";
import { restName } from "../input.ts";

/** One field in which two records differ, and what became of it. */
export type MergedField = {
  /** REST name. */
  readonly field: string;
  readonly into: unknown;
  readonly from: unknown;
  readonly result: unknown;
  readonly winner: "INTO" | "FROM" | "BOTH";
};

/** Fields that a merge decides: all that callers write, and derived ones with a rule. */
function mergedFields(entity: Entity, { fields = {} }: MergeRules): [string, Field][] {
  return Object.entries(entity.fields).filter(
    ([name, { managed }]) => !managed || fields[name] !== undefined,
  );
}

/** The values that the survivor has afterwards. */
export function mergedValues(
  entity: Entity,
  rules: MergeRules,
  { into, from }: { readonly into: Stored; readonly from: Stored },
): Values {
  const values: Record<string, unknown> = {};
  for (const [name, definition] of mergedFields(entity, rules)) {
    values[name] = mergedValue(name, definition, rules, [into[name], from[name]]);
  }
  for (const group of rules.together ?? []) {
    const winner = group.some((name) => !isEmpty(into[name])) ? into : from;
    for (const name of group) values[name] = winner[name];
  }
  return { ...values, ...rules.settle?.(into, from, values) };
}

function mergedValue(
  name: string,
  definition: Field,
  { fields = {} }: MergeRules,
  [into, from]: readonly [unknown, unknown],
): unknown {
  const rule = fields[name];
  if (rule === "survivor") return into;
  if (rule !== undefined && typeof into === "string" && typeof from === "string") {
    return from < into === (rule === "earliest") ? from : into;
  }
  return definition.kind.merged(into, from, definition);
}

/** Every field in which the two differ, or that got another value than the survivor's. */
export function tellFields(
  catalog: Catalog,
  entity: Entity,
  { shown = {} }: MergeRules,
  { into, from, result }: Readonly<Record<"into" | "from" | "result", Values>>,
): MergedField[] {
  const told = [
    ...Object.entries(entity.fields)
      .filter(([, { managed }]) => !managed)
      .map(([name, definition]) => [name, restName(name), definition] as const),
    ...Object.entries(shown).flatMap(([name, rest]) => {
      const definition = entity.internal[name];
      return definition === undefined ? [] : [[name, rest, definition] as const];
    }),
  ];
  return told.flatMap(([name, field, definition]) => {
    const [mine, other, now] = [into, from, result].map(
      (record) => publicValue(catalog, entity, definition, record[name]) ?? null,
    );
    if (isDeepStrictEqual(mine, other) && isDeepStrictEqual(mine, now)) return [];
    const isSame = (value: unknown) => isDeepStrictEqual(now, value);
    // A number that fills another place than it had is the other's all the same.
    const isList = Array.isArray(now) || isRecord(now);
    const winner = isSame(mine) ? "INTO" : isSame(other) || !isList ? "FROM" : "BOTH";
    return [{ field, into: mine, from: other, result: now, winner }];
  });
}
