import type { Values } from "../../model/record.ts";
import type { Actor } from "../../auth/actor.ts";
import { fieldOf, type Entity } from "../../model/entity.ts";
import type { Complaint } from "../../lib/messages.ts";
import { isOneOf, name, param, raw, sql } from "../../lib/sql.ts";
import { isFaulty, textOf, type Draft } from "../draft.ts";
import { restName } from "../input.ts";
import type { Judge } from "./judge.ts";
import { duplicate, type Problem } from "../problem.ts";
import type { WriteUnit } from "../unit.ts";

type Rule = Entity["unique"][number];

/** A value that shall be unique, and what it belongs to. */
export type Claim = { readonly value: string; readonly within: string | null };

/**
 * Refuses a value that a live record has already, or another row of the same call. Two callers at once are settled by
 * the unique index: the later transaction is run again and then sees the record here.
 */
export async function uniqueJudges(
  unit: WriteUnit,
  entity: Entity,
  drafts: readonly Draft[],
): Promise<Judge[]> {
  const judges = [];
  for (const rule of entity.unique) {
    const claims = new Map<Draft, Claim>();
    for (const draft of drafts) {
      const isUnclear = [rule.field, rule.within].some(
        (field) => field !== null && isFaulty(draft, field),
      );
      const claim = claimOf(rule, draft.values);
      const isOpen = draft.drawn !== rule.field && claimsAnew(entity, rule, draft);
      if (claim !== null && !isUnclear && isOpen) claims.set(draft, claim);
    }
    if (claims.size > 0) judges.push(await uniqueJudge(unit, entity, rule, claims));
  }
  return judges;
}

/** Whether a row has another value than before, or has it in another place. */
function claimsAnew(entity: Entity, rule: Rule, { before, values }: Draft): boolean {
  return keyOf(entity, rule, before) !== keyOf(entity, rule, values);
}

const keyOf = (entity: Entity, rule: Rule, values: Values | null): string | null => {
  const claim = values === null ? null : claimOf(rule, values);
  return claim === null ? null : claimKey(entity, rule, claim);
};

function claimOf(rule: Rule, values: Values): Claim | null {
  const value = textOf(values, rule.field);
  return value === null
    ? null
    : { value, within: rule.within === null ? null : textOf(values, rule.within) };
}

/** The record that has a value at this point; `row` is its place in the call that gave it the value. */
type Holder = { readonly id: string; readonly appId: string | null; readonly row: number | null };

async function uniqueJudge(
  unit: WriteUnit,
  entity: Entity,
  rule: Rule,
  claims: ReadonlyMap<Draft, Claim>,
): Promise<Judge> {
  const asked = [...claims.values()];
  const holders = new Map<string, Holder>();
  for (const [index, holder] of await holdersOf(unit, entity, rule, asked)) {
    const claim = asked[index];
    if (claim !== undefined) holders.set(claimKey(entity, rule, claim), { ...holder, row: null });
  }
  const path = [restName(rule.field)];
  return {
    leave: (draft) => {
      const key = keyOf(entity, rule, draft.before);
      if (key !== null && claimsAnew(entity, rule, draft)) holders.delete(key);
    },
    check: (draft) => {
      const claim = claims.get(draft);
      const holder = claim && holders.get(claimKey(entity, rule, claim));
      if (holder === undefined) return;
      if (holder.row === null) draft.problems.push(takenBy(unit, entity, rule, holder));
      else {
        draft.problems.push(duplicate(path, { complaint: "sameAsRow", row: holder.row }, null));
      }
    },
    settle: (draft, stands) => {
      const { id, index, before, values } = draft;
      const key = keyOf(entity, rule, stands ? values : before);
      if (key === null || !claimsAnew(entity, rule, draft)) return;
      holders.set(key, { id, appId: textOf(values, "appId"), row: stands ? index : null });
    },
  };
}

/** That a value is taken, and by whom if the caller could read that record. */
function takenBy(
  { actor }: WriteUnit,
  entity: Entity,
  rule: Rule,
  holder: Pick<Holder, "id" | "appId">,
): Problem {
  const path = [restName(rule.field)];
  return isTold(actor, holder.appId)
    ? duplicate(path, taken(entity, rule), { entity: entity.name, id: holder.id })
    : duplicate(path, { complaint: "takenByOther" }, null);
}

/**
 * Takes values away from rows whose values other rows of the call get: PostgreSQL looks at unique values row by row,
 * and the rows of one update have no order.
 */
export function makeRoom(unit: WriteUnit, entity: Entity, drafts: readonly Draft[]): void {
  for (const rule of entity.unique) {
    const moved = drafts.filter((draft) => claimsAnew(entity, rule, draft));
    const wanted = new Set(moved.map(({ values }) => keyOf(entity, rule, values)));
    const giving = moved.filter(({ before }) => {
      const key = keyOf(entity, rule, before);
      return key !== null && wanted.has(key);
    });
    unit.clear(
      entity,
      rule.field,
      giving.map(({ id }) => id),
    );
  }
}

/**
 * Drafts in the order of their unique values, in which they are inserted: two calls with the same values in other
 * orders would wait for each other in the index.
 */
export function inUniqueOrder(entity: Entity, drafts: readonly Draft[]): Draft[] {
  const key = ({ values }: Draft): string =>
    entity.unique.map((rule) => keyOf(entity, rule, values) ?? "").join("\n");
  return drafts
    .map((draft) => ({ draft, key: key(draft) }))
    .toSorted((a, b) => (a.key === b.key ? 0 : a.key < b.key ? -1 : 1))
    .map(({ draft }) => draft);
}

/** The same for two claims that cannot both be granted. */
export function claimKey(entity: Entity, rule: Rule, { value, within }: Claim): string {
  return `${within ?? ""} ${fieldOf(entity, rule.field).kind.comparedAs(value)}`;
}

/** What is said of a value that another record has, to a caller who could read that record. */
export const taken = ({ type, fields }: Entity, { within }: Rule): Complaint => ({
  complaint: "taken",
  type,
  owner: within === null ? null : (fields[within]?.to ?? null),
});

/** Whether a caller may be told of a record that is in its way. */
export const isTold = ({ appId }: Actor, owner: string | null): boolean =>
  appId === null || appId === owner;

/** The live record that has the value of each claim, by the claim's index. */
export async function holdersOf(
  unit: WriteUnit,
  entity: Entity,
  rule: Rule,
  claims: readonly Claim[],
): Promise<Map<number, { id: string; appId: string | null }>> {
  const found = await recordsWith(unit, entity, rule, claims, "live");
  return new Map(found.map(({ claim, ...holder }) => [claim, holder]));
}

/**
 * The live or deleted records that have the value of each claim, whoever may see them, with the claim's index: by age,
 * or the latest deletion first.
 */
export async function recordsWith(
  unit: WriteUnit,
  entity: Entity,
  rule: Rule,
  claims: readonly Claim[],
  liveness: "live" | "deleted",
): Promise<{ claim: number; id: string; appId: string | null }[]> {
  const definition = fieldOf(entity, rule.field);
  const key = definition.key ?? definition.column;
  const valueOf = ({ value }: Claim) => definition.kind.comparedAs(value);
  const withinField = rule.within === null ? undefined : entity.fields[rule.within];
  const within =
    rule.within === null || withinField === undefined
      ? ""
      : ` AND t.${name(withinField.column)} IS NOT DISTINCT FROM w.within`;
  const [first] = claims;
  // One claim alone says so: a prepared statement's plan for whatever values takes a list for ten.
  const claimed =
    claims.length === 1 && first !== undefined
      ? sql`SELECT ${param(valueOf(first), "text")} AS value, ${param(first.within, "uuid")} AS within, 1 AS place`
      : sql`SELECT * FROM unnest(${param(claims.map(valueOf), "text[]")}, ${param(
          claims.map((claim) => claim.within),
          "uuid[]",
        )}) WITH ORDINALITY AS u(value, within, place)`;
  // A list is what the index on the value is for: the join alone may read all of a tenant's rows for each claim.
  const values = [...new Set(claims.map(valueOf))];
  const listed = claims.length === 1 ? raw("TRUE") : isOneOf(raw(`t.${name(key)}`), values, "text");
  const rows = await unit.rows(
    sql`WITH w AS MATERIALIZED (${claimed})
      SELECT w.place, t."id", t."app_id" FROM w JOIN ${raw(name(entity.table))} t ON t.${raw(name(key) + " = w.value" + within)}
      WHERE t."tenant_id" = ${unit.tenant} AND ${listed} AND t."deleted_at" IS ${raw(liveness === "live" ? "NULL" : "NOT NULL")} ORDER BY t."deleted_at" DESC, t."id"`,
  );
  return rows.map(([place, id, appId]) => ({
    claim: Number(place) - 1,
    id: id ?? "",
    appId: appId ?? null,
  }));
}
