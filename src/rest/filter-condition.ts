import { asComplaint, type Complaint } from "../lib/messages.ts";
import { catalog } from "../modules/catalog.ts";
import { fieldOf, type Entity } from "../model/entity.ts";
import type { Field } from "../model/field.ts";
import type { Comparison } from "../model/kind.ts";
import type { Filter } from "../query/filter-value.ts";
import type { Member } from "../query/projection.ts";
import { isStorable } from "../lib/text.ts";
import { comparisonsOf, readOperand, split } from "./filter-operand.ts";

const ofDeletion: readonly Comparison[] = ["eq"];
const ofIds: readonly Comparison[] = ["eq", "ne", "in", "not_in", "all", "is_empty"];
/** What a text and an enum beside it can be asked for alike. */
export const comparisonsOfTwins: readonly Comparison[] = [
  "eq",
  "ne",
  "in",
  "not_in",
  "is_null",
  "contains",
  "starts_with",
  "ends_with",
];

/** How lists can be filtered by a key of their records; not at all where it holds a document or other records. */
export function comparisonsFor(entity: Entity, member: Member): readonly Comparison[] {
  if (member.kind === "isSet") return ofDeletion;
  if (member.kind === "ids") return ofIds;
  if (member.kind === "records") return [];
  return member.or === undefined
    ? comparisonsOf(fieldOf(entity, member.field))
    : comparisonsOfTwins;
}

/** The field whose values a key is compared with, and its entity: of edges, the ids at their other end. */
export function comparedField(
  entity: Entity,
  member: Member,
): { readonly entity: Entity; readonly definition: Field } | null {
  if (member.kind === "field") return { entity, definition: fieldOf(entity, member.field) };
  if (member.kind !== "ids") return null;
  const target = catalog.entity(entity.relations[member.relation]?.to ?? "");
  return { entity: target, definition: fieldOf(target, "id") };
}

type Condition = { readonly condition: Filter } | { readonly complaint: Complaint };

/** Whether a key is compared by what stands at paths inside it. */
export const isInside = (entity: Entity, member: Member): boolean =>
  member.kind === "field" && fieldOf(entity, member.field).kind.parameter?.isInside === true;

/** The most keys of a path: values are no deeper. */
const maxKeys = 20;

/** What a name has in its brackets: `gte`, or the path inside and then maybe the comparison, `risk.score][gte`. */
function readPlace(isWithPath: boolean, brackets: string | undefined): Place {
  if (!isWithPath) return { operator: brackets ?? "eq", path: [] };
  const pieces = (brackets ?? "").split("][");
  const operator = pieces.length === 1 ? "eq" : (pieces.pop() ?? "eq");
  const path = split(pieces.join("]["), ".");
  if (path.includes("")) {
    return {
      complaint: asComplaint("needs the key inside, as in custom_fields[region] or [risk.score]"),
    };
  }
  if (path.length > maxKeys) return { complaint: asComplaint(`has at most ${maxKeys} keys`) };
  return path.every(isStorable) ? { operator, path } : { complaint: { complaint: "unstorable" } };
}

type Place =
  | { readonly operator: string; readonly path: readonly string[] }
  | { readonly complaint: Complaint };

/** What a filter of a query asks the read engine for, or what is wrong with it. */
export function conditionOf(
  entity: Entity,
  member: Member,
  brackets: string | undefined,
  text: string,
): Condition {
  const place = readPlace(isInside(entity, member), brackets);
  if ("complaint" in place) return place;
  const { operator, path } = place;
  const allowed = comparisonsFor(entity, member);
  const comparison = allowed.find((one) => one === operator);
  if (comparison === undefined) {
    return {
      complaint: asComplaint(`has no such comparison; there are ${allowed.join(", ")}`),
    };
  }
  const compared = comparedField(entity, member);
  if (compared === null) return deletionCondition(member, text);
  const operand = readOperand(compared.entity, compared.definition, comparison, text);
  if ("complaint" in operand) return operand;
  const { value } = operand;
  if (member.kind === "ids") return { condition: idsCondition(member.relation, comparison, value) };
  if (member.kind !== "field") throw new Error(`${member.key} is not compared`);
  const { field, or } = member;
  const { parameter } = compared.definition.kind;
  if (parameter === null) throw new Error(`${member.key} is not compared`);
  const condition = parameter.condition(field, comparison, value, path);
  return {
    condition:
      or === undefined
        ? condition
        : twinCondition(condition, [field, or], namesThat(entity, or, comparison, value)),
  };
}

function deletionCondition(member: Member, text: string): Condition {
  if (member.kind !== "isSet") throw new Error(`${member.key} is not compared`);
  return text === "true" || text === "false"
    ? { condition: { [member.field]: { isNull: text === "false" } } }
    : { complaint: { complaint: "notBoolean" } };
}

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

/** Of an edge: what stands at its other end, of what the caller can see there. */
function idsCondition(relation: string, comparison: Comparison, value: unknown): Filter {
  const some = (operator: string, ids: unknown): Filter => ({
    [relation]: { some: { id: { [operator]: ids } } },
  });
  switch (comparison) {
    case "eq":
      return some("eq", value);
    case "ne":
      return { not: some("eq", value) };
    case "in":
      return some("in", value);
    case "not_in":
      return { not: some("in", value) };
    case "all":
      return { and: [...new Set(asList(value))].map((id) => some("eq", id)) };
    default:
      return { [relation]: value === true ? { none: {} } : { some: {} } };
  }
}

/** A condition on what is shown: the text, or else the enum's value, of which these names satisfy it. */
function twinCondition(
  condition: Filter,
  [field, other]: readonly [string, string],
  names: readonly string[],
): Filter {
  const isShown = { and: [{ [field]: { isNull: true } }, { [other]: { in: names } }] };
  const hasText = { and: [{ [field]: { isNull: false } }, condition] };
  return { or: [hasText, isShown] };
}

/** The names of an enum's values that satisfy a comparison, as PostgreSQL would find with texts. */
function namesThat(
  entity: Entity,
  field: string,
  comparison: Comparison,
  value: unknown,
): readonly string[] {
  const names = Object.keys(fieldOf(entity, field).values?.values ?? {});
  const listed: readonly unknown[] = Array.isArray(value) ? value : [value];
  const part = String(value).toLowerCase();
  switch (comparison) {
    case "eq":
    case "in":
      return names.filter((name) => listed.includes(name));
    case "ne":
    case "not_in":
      return names.filter((name) => !listed.includes(name));
    case "contains":
      return names.filter((name) => name.includes(part));
    case "starts_with":
      return names.filter((name) => name.startsWith(part));
    case "ends_with":
      return names.filter((name) => name.endsWith(part));
    default:
      // What is shown is never null.
      return value === true ? [] : names;
  }
}
