import { badInput } from "../lib/errors.ts";
import { isSortable, type Field, type OrderTerm } from "../query/entity.ts";
import type { Filter } from "../query/filter-value.ts";
import { defaultPageSize, maxPageSize, type ListRequest } from "../query/page.ts";
import { searchWords } from "../query/search.ts";
import type { Member } from "../query/projection.ts";
import type { Resource } from "./face.ts";
import { comparisonsOf, readOperand } from "./filter-operand.ts";
import { invalid, Refused, type Issue } from "./refusal.ts";

/** Keys of a resource's records that lists can be filtered by, in their order. */
export function filterKeys({ projection, list }: Resource): readonly string[] {
  return projection.members
    .filter((member) => isFilter(projection.entity.fields, member))
    .map(({ key }) => key)
    .filter((key) => list.filters === null || list.filters.includes(key));
}

/** Keys that lists can be sorted by. */
export function sortKeys({ projection, list }: Resource): readonly string[] {
  if (!list.isRich) return [];
  return projection.members.flatMap((member) => {
    const definition = member.kind === "field" ? projection.entity.fields[member.field] : undefined;
    return definition !== undefined && isSortable(definition) ? [member.key] : [];
  });
}

/** Whether a member holds one value, and not a list or a document. */
function isFilter(fields: Readonly<Record<string, Field>>, member: Member): boolean {
  if (member.kind === "isSet") return true;
  const definition = member.kind === "field" ? fields[member.field] : undefined;
  return definition !== undefined && comparisonsOf(definition).length > 0;
}

/**
 * Reads what a list is asked for: `limit`, `cursor`, `sort`, `q`, `include_deleted` and filters.
 *
 * @throws Refused with everything that is wrong with it
 */
export function readListQuery(resource: Resource, query: URLSearchParams): ListRequest {
  const reading = new ListReading(resource);
  const seen = new Set<string>();
  for (const [name, value] of query) {
    if (seen.has(name)) reading.complain(name, "is given twice; send it once.");
    else reading.read(name, value);
    seen.add(name);
  }
  return reading.finish();
}

/** What is said of a list so far. */
class ListReading {
  readonly #resource: Resource;
  readonly #issues: Issue[] = [];
  readonly #conditions: Filter[] = [];
  readonly #members: ReadonlyMap<string, Member>;
  #limit = defaultPageSize;
  #cursor: string | null = null;
  #order: readonly OrderTerm[] | null = null;
  #words: readonly string[] | null = null;
  #includeDeleted = false;

  constructor(resource: Resource) {
    this.#resource = resource;
    const keys = filterKeys(resource);
    const { members } = resource.projection;
    this.#members = new Map(
      members.filter(({ key }) => keys.includes(key)).map((member) => [member.key, member]),
    );
  }

  complain(path: string, message: string): void {
    this.#issues.push({ path, message });
  }

  read(name: string, value: string): void {
    const { isRich } = this.#resource.list;
    if (name === "limit") this.#readLimit(value);
    else if (name === "cursor") this.#cursor = value;
    else if (isRich && name === "sort") this.#readSort(value);
    else if (isRich && name === "q") this.#readSearch(value);
    else if (isRich && name === "include_deleted") {
      if (value === "true" || value === "false") this.#includeDeleted ||= value === "true";
      else this.complain(name, "must be true or false");
    } else this.#readFilter(name, value);
  }

  finish(): ListRequest {
    if (this.#issues.length > 0) throw new Refused("BAD_USER_INPUT", invalid(this.#issues));
    return {
      entity: this.#resource.projection.entity,
      parent: null,
      where: this.#conditions.length === 0 ? null : { and: this.#conditions },
      words: this.#words,
      includeDeleted: this.#includeDeleted,
      order: this.#order,
      limit: this.#limit,
      backward: false,
      after: this.#cursor,
      before: null,
      want: { rows: true, cursors: true, total: true, outside: false },
    };
  }

  #readLimit(value: string): void {
    const limit = /^\d{1,9}$/.test(value) ? Number(value) : 0;
    if (limit >= 1 && limit <= maxPageSize) this.#limit = limit;
    else this.complain("limit", `must be a whole number from 1 to ${maxPageSize}`);
  }

  #readSort(value: string): void {
    const keys = sortKeys(this.#resource);
    const terms = value.split(",").map((term) => term.trim());
    const order = terms.flatMap((term): OrderTerm[] => {
      const key = term.replace(/^[-+]/, "");
      const member = this.#resource.projection.members.find((one) => one.key === key);
      if (member?.kind !== "field" || !keys.includes(key)) {
        this.complain("sort", `has no key ${key.slice(0, 80)}; sort by ${keys.join(", ")}`);
        return [];
      }
      return [{ field: member.field, direction: term.startsWith("-") ? "desc" : "asc" }];
    });
    if (order.length > maxSortKeys) this.complain("sort", `has at most ${maxSortKeys} keys`);
    this.#order = order;
  }

  #readSearch(value: string): void {
    try {
      this.#words = searchWords(value, "q");
    } catch (error) {
      this.complain("q", error instanceof Error ? error.message : "cannot be read");
    }
  }

  #readFilter(name: string, value: string): void {
    const match = /^([a-z\d_]+)(?:\[([a-z_]+)\])?$/.exec(name);
    const [, key = "", operator = "eq"] = match ?? [];
    const member = this.#members.get(key);
    const isPlain = operator === "eq" && !name.includes("[");
    if (member === undefined || (!this.#resource.list.isRich && !isPlain)) {
      this.complain(name.slice(0, 200), "is not a parameter of this list; remove it.");
      return;
    }
    const condition = this.#conditionOf(member, operator, value, name);
    if (condition !== null) this.#conditions.push(condition);
  }

  #conditionOf(member: Member, operator: string, value: string, path: string): Filter | null {
    const { entity } = this.#resource.projection;
    if (member.kind === "isSet") {
      if (operator !== "eq" || (value !== "true" && value !== "false")) {
        this.complain(path, "must be true or false");
        return null;
      }
      this.#includeDeleted ||= value === "true";
      return { [member.field]: { isNull: value === "false" } };
    }
    if (member.kind !== "field") return null;
    const read = (field: string) => {
      const operand = readOperand(entity, field, operator, value);
      return "complaint" in operand
        ? operand
        : { condition: { [field]: { [operand.operator]: operand.value } } };
    };
    const found = read(member.field);
    if ("complaint" in found) {
      this.complain(path, found.complaint);
      return null;
    }
    const other = member.or === undefined ? null : read(member.or);
    if (member.or === undefined || other === null || "complaint" in other) return found.condition;
    return {
      or: [found.condition, { and: [{ [member.field]: { isNull: true } }, other.condition] }],
    };
  }
}

/** More are no order that anybody means. */
export const maxSortKeys = 10;

/** The cursor's own complaint, under the name that this face has for it. */
export function asCursorComplaint(thrown: unknown): unknown {
  if (!(thrown instanceof Error && "inputPath" in thrown)) return thrown;
  const { inputPath } = thrown;
  if (!Array.isArray(inputPath) || inputPath[0] !== "after") return thrown;
  return badInput(
    "is not a cursor of this list and order; pass next_cursor of the page before, unchanged.",
    ["cursor"],
  );
}

/**
 * Reads what one record is asked for with.
 *
 * @throws Refused with everything that is wrong with it
 */
export function readRecordQuery(
  { list }: Resource,
  query: URLSearchParams,
): { readonly includeDeleted: boolean } {
  const issues: Issue[] = [];
  for (const [name, value] of query) {
    if (!list.isRich || name !== "include_deleted") {
      const message = "is not a parameter of this operation; remove it.";
      issues.push({ path: name.slice(0, 200), message });
    } else if (value !== "true" && value !== "false") {
      issues.push({ path: name, message: "must be true or false" });
    }
  }
  if (issues.length > 0) throw new Refused("BAD_USER_INPUT", invalid(issues));
  return { includeDeleted: query.get("include_deleted") === "true" };
}
