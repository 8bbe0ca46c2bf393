import fc from "fast-check";
import { faces } from "../../../src/rest/operations.ts";
import type { Resource } from "../../../src/rest/face.ts";
import { comparisonsFor } from "../../../src/rest/filter-condition.ts";
import { filterKeys, sortKeys } from "../../../src/rest/list-query.ts";
import type { Member } from "../../../src/query/projection.ts";
import { sumOf } from "../filters/exact.ts";

/** A record of a list: numbers as text, so that no digit of theirs is lost. */
export type Item = Readonly<Record<string, unknown>>;
/** One filter of a query. */
export type Filtered = {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
};

export const resources: readonly Resource[] = faces.flatMap((face) => face.resources);

/** Reads a list's text with its numbers as they were written. */
export function readExactly(text: string): unknown {
  return JSON.parse(text.replaceAll(/(?<=[:[,])-?\d[\d.]*(?=[,}\]])/g, '"$&"'));
}

/** The key of a resource's records. */
export function memberOf({ projection, path }: Resource, key: string): Member {
  const member = projection.members.find((one) => one.key === key);
  if (member === undefined) throw new Error(`${path}: no ${key}`);
  return member;
}

/** What a field is to a filter. */
export function kindOf(resource: Resource, member: Member): string {
  if (member.kind === "ids") return "textList";
  if (member.kind === "isSet") return "boolean";
  return member.kind === "field"
    ? (resource.projection.entity.fields[member.field]?.kind.name ?? "")
    : "";
}

const parts = ["a", "B", "%", "_", "\\", "'", "1", "ex", "all", "NOTE"];
const orderings = ["gt", "gte", "lt", "lte"];
const manys = ["in", "not_in", "all"];

/**
 * Random filters by any key and comparison, with values that the records have. Which of two texts is greater is the
 * database's to say.
 */
export function filtersOf(
  resource: Resource,
  items: readonly Item[],
  mayCompare: (kind: string, operator: string) => boolean,
): fc.Arbitrary<readonly Filtered[]> {
  const { projection, list } = resource;
  const filters = filterKeys(resource).flatMap((key) => {
    const member = memberOf(resource, key);
    const kind = kindOf(resource, member);
    const found = [...new Set(items.flatMap((item) => textsOf(item[key])))].filter(
      (text) => text !== "" && (kind !== "email" || /^[ -~]*$/.test(text)),
    );
    // What stands inside of JSON has tests of its own.
    if (kind === "jsonObject") return [];
    const comparisons = list.isRich ? comparisonsFor(projection.entity, member) : ["eq" as const];
    return comparisons
      .filter((operator) => mayCompare(kind, operator))
      .flatMap((operator) => {
        const values = valuesOf(operator, found);
        return values === null
          ? []
          : [values.map((chosen): Filtered => ({ key, operator, values: chosen }))];
      });
  });
  return fc.uniqueArray(fc.oneof(...filters), { minLength: 1, maxLength: 2, selector: nameOf });
}

function valuesOf(
  operator: string,
  found: readonly string[],
): fc.Arbitrary<readonly string[]> | null {
  if (operator === "is_null" || operator === "is_empty") {
    return fc.constantFrom(["true"], ["false"]);
  }
  if (["contains", "starts_with", "ends_with"].includes(operator)) {
    return fc.constantFrom(...parts).map((part) => [part]);
  }
  if (found.length === 0) return null;
  if (manys.includes(operator)) {
    return fc.subarray([...found], { minLength: 1, maxLength: Math.min(5, found.length) });
  }
  return fc.constantFrom(...found).map((text) => [text]);
}

/** The values of a key as a query has them. */
function textsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (typeof value === "boolean") return [String(value)];
  return typeof value === "string" ? [value] : [];
}

/** `created_at[gte]`; `eq` goes without saying. */
export function nameOf({ key, operator }: Filtered): string {
  return operator === "eq" ? key : `${key}[${operator}]`;
}

/** The value as it stands in a query. */
export function valueOf({ operator, values }: Filtered): string {
  const escaped = manys.includes(operator)
    ? values.map((value) => value.replaceAll(/[\\,]/g, String.raw`\$&`))
    : values;
  return escaped.join(",");
}

/** Whether a record is one that a filter asks for, going by what it shows. */
export function matches(resource: Resource, item: Item, filter: Filtered): boolean {
  const { key, operator, values } = filter;
  const shown = item[key];
  const [value = ""] = values;
  if (Array.isArray(shown)) return listMatches(shown, operator, values);
  if (operator === "is_null") return (shown === null) === (value === "true");
  if (shown === null || shown === undefined) return false;
  const text = textsOf(shown)[0] ?? "";
  const kind = kindOf(resource, memberOf(resource, key));
  const compared = (other: string): number => compare(kind, text, other);
  const lower = text.toLowerCase();
  switch (operator) {
    case "eq":
      return compared(value) === 0;
    case "ne":
      return compared(value) !== 0;
    case "in":
      return values.some((one) => compared(one) === 0);
    case "not_in":
      return values.every((one) => compared(one) !== 0);
    case "contains":
      return lower.includes(value.toLowerCase());
    case "starts_with":
      return lower.startsWith(value.toLowerCase());
    case "ends_with":
      return lower.endsWith(value.toLowerCase());
    default:
      return orders(operator, compared(value));
  }
}

function listMatches(
  shown: readonly unknown[],
  operator: string,
  values: readonly string[],
): boolean {
  const has = (value: string): boolean => shown.includes(value);
  if (operator === "is_empty") return (shown.length === 0) === (values[0] === "true");
  if (operator === "all") return values.every(has);
  return (operator === "ne" || operator === "not_in") !== values.some(has);
}

function orders(operator: string, difference: number): boolean {
  if (!orderings.includes(operator)) throw new Error(`${operator} is no comparison`);
  if (difference === 0) return operator.endsWith("e");
  return difference > 0 === operator.startsWith("g");
}

/** What numbers are compared by; a text without digits is itself. */
const digitsOf = (text: string): string => text.replace("(0)", "").replace(/\D/g, "") || text;

function compare(kind: string, one: string, other: string): number {
  switch (kind) {
    case "decimal":
    case "int": {
      const difference = sumOf([one, other.startsWith("-") ? other.slice(1) : `-${other}`]);
      return difference === "0" ? 0 : difference.startsWith("-") ? -1 : 1;
    }
    case "phone":
      return digitsOf(one) === digitsOf(other) ? 0 : 1;
    case "email":
      return one.toLowerCase() === other.toLowerCase() ? 0 : 1;
    default:
      return one === other ? 0 : one < other ? -1 : 1;
  }
}

/** A random `sort`: some keys, each with or without its minus. */
export function sortOf(resource: Resource): fc.Arbitrary<readonly string[]> {
  const keys = sortKeys(resource);
  if (keys.length === 0) return fc.constant([]);
  const fieldAt = (term: string): string => {
    const key = term.replace("-", "");
    const member = memberOf(resource, key);
    return member.kind === "field" ? member.field : key;
  };
  const term = fc
    .tuple(fc.constantFrom(...keys), fc.boolean())
    .map(([key, descending]) => `${descending ? "-" : ""}${key}`);
  return fc.uniqueArray(term, { maxLength: 3, selector: fieldAt });
}
