import { columnOf, type Entity } from "../query/entity.ts";
import { name, param, raw, sql } from "../query/sql.ts";
import { changes, isFaulty, textOf, type Draft } from "./draft.ts";
import { restName } from "./input.ts";
import { duplicate } from "./problem.ts";
import type { WriteUnit } from "./unit.ts";

type Rule = Entity["unique"][number];

/** A value that shall be unique, and what it belongs to. */
export type Claim = {
  readonly value: string;
  readonly within: string | null;
  readonly draft: Draft;
};

/**
 * Finds what a live record has already, or an earlier draft of the same call. Two callers at once are settled by
 * the unique index: the later transaction is run again and then sees the record here.
 */
export async function checkUnique(
  unit: WriteUnit,
  entity: Entity,
  drafts: readonly Draft[],
): Promise<void> {
  for (const rule of entity.unique) {
    const claims = drafts.flatMap((draft) => {
      const value = textOf(draft.values, rule.field);
      const moved =
        changes(draft, rule.field) || (rule.within !== null && changes(draft, rule.within));
      const isUnclear = [rule.field, rule.within].some(
        (field) => field !== null && isFaulty(draft, field),
      );
      if (value === null || !moved || isUnclear) return [];
      return [
        { value, within: rule.within === null ? null : textOf(draft.values, rule.within), draft },
      ];
    });
    if (claims.length > 0) await settle(unit, entity, rule, claims);
  }
}

/**
 * Drafts in the order of their unique values, in which they are inserted: two calls with the same values in other
 * orders would wait for each other in the index.
 */
export function inUniqueOrder({ unique: [rule] }: Entity, drafts: readonly Draft[]): Draft[] {
  if (rule === undefined) return [...drafts];
  const key = ({ values }: Draft): string => {
    const within = rule.within === null ? null : textOf(values, rule.within);
    return `${within ?? ""} ${textOf(values, rule.field)?.toLowerCase() ?? ""}`;
  };
  return drafts
    .map((draft) => ({ draft, key: key(draft) }))
    .toSorted((a, b) => (a.key === b.key ? 0 : a.key < b.key ? -1 : 1))
    .map(({ draft }) => draft);
}

async function settle(
  unit: WriteUnit,
  entity: Entity,
  rule: Rule,
  claims: readonly Claim[],
): Promise<void> {
  const holders = await holdersOf(unit, entity, rule, claims);
  const claimed = new Map<string, Draft>();
  for (const [index, { value, within, draft }] of claims.entries()) {
    const holder = holders.get(index);
    const key = claimKey(entity, rule, { value, within });
    const earlier = claimed.get(key);
    const path = [restName(rule.field)];
    if (holder !== undefined && holder.id !== draft.id) {
      // Not to be told to a caller who could not read the record.
      const isVisible = unit.actor.appId === null || unit.actor.appId === holder.appId;
      draft.problems.push(
        duplicate(
          path,
          taken(entity, rule),
          isVisible ? { entity: entity.name, id: holder.id } : null,
        ),
      );
    } else if (earlier !== undefined) {
      draft.problems.push(
        duplicate(path, `is the same as in row ${earlier.index} of this call.`, null),
      );
    } else if (draft.problems.length === 0) {
      // A row that is not written takes nothing from the others.
      claimed.set(key, draft);
    }
  }
}

/** The same for two claims that cannot both be granted. */
export function claimKey(
  entity: Entity,
  rule: Rule,
  { value, within }: Pick<Claim, "value" | "within">,
): string {
  const isFolded = entity.fields[rule.field]?.kind === "email";
  return `${within ?? ""} ${isFolded ? value.toLowerCase() : value}`;
}

/** What is said of a value that another record has. */
export function taken(entity: Entity, rule: Rule): string {
  const where = rule.within === null ? "" : " of the same account";
  return `is taken: another live ${entity.type}${where} has it. Change it, or update that record.`;
}

/** The live record that has the value of each claim, by the claim's index. */
export async function holdersOf(
  unit: WriteUnit,
  entity: Entity,
  rule: Rule,
  claims: readonly Pick<Claim, "value" | "within">[],
): Promise<Map<number, { id: string; appId: string | null }>> {
  const definition = entity.fields[rule.field];
  if (definition === undefined) throw new Error(`${entity.name} has no field ${rule.field}`);
  const [key, folded] =
    definition.kind === "email"
      ? ["email_key", "lower(value)"]
      : [columnOf(rule.field, definition), "value"];
  const withinField = rule.within === null ? undefined : entity.fields[rule.within];
  const within =
    rule.within === null || withinField === undefined
      ? ""
      : ` AND t.${name(columnOf(rule.within, withinField))} IS NOT DISTINCT FROM w.within`;
  const [first] = claims;
  // One claim alone says so: a prepared statement's plan for whatever values takes a list for ten.
  const claimed =
    claims.length === 1 && first !== undefined
      ? sql`SELECT ${param(first.value, "text")} AS value, ${param(first.within, "uuid")} AS within, 1 AS place`
      : sql`SELECT * FROM unnest(${param(
          claims.map(({ value }) => value),
          "text[]",
        )}, ${param(
          claims.map((claim) => claim.within),
          "uuid[]",
        )}) WITH ORDINALITY AS u(value, within, place)`;
  // Folded apart: behind row-level security no index is used for a condition that calls lower(), which might leak.
  const rows = await unit.rows(
    sql`WITH w AS MATERIALIZED (SELECT ${raw(folded)} AS value, within, place FROM (${claimed}) claimed)
      SELECT w.place, t."id", t."app_id" FROM w JOIN ${raw(name(entity.table))} t ON t.${raw(name(key) + " = w.value" + within)}
      WHERE t."tenant_id" = ${unit.tenant} AND t."deleted_at" IS NULL`,
  );
  return new Map(
    rows.map(([place, id, appId]) => [Number(place) - 1, { id: id ?? "", appId: appId ?? null }]),
  );
}
