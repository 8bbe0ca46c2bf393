import { decodeCursor } from "../lib/cursor.ts";
import { badInput, badRequest, GatewayError } from "../lib/errors.ts";
import type { Complaint } from "../lib/messages.ts";
import { sortsAll } from "../model/entity.ts";
import { isSortable, type Field } from "../model/field.ts";
import type { OrderDirection, OrderTerm } from "../model/order.ts";
import { maxPatternCharacters, type Filter, type Patterns } from "../query/filter-value.ts";
import { defaultPageSize, maxPageSize, orderKeyOf, type ListRequest } from "../query/page.ts";
import { searchWords, type SearchWords } from "../query/search.ts";
import type { Member } from "../query/projection.ts";
import type { Operation, Resource } from "./face.ts";
import { comparisonsFor, conditionOf, isInside } from "./filter-condition.ts";
import { invalid, issueOf, Refused, type Issue } from "./error-answers.ts";

/** More parameters are no question that anybody means. */
const maxParameters = 100;

/**
 * The query of a request's URL.
 *
 * @throws GatewayError BAD_USER_INPUT when it is no percent-encoded UTF-8, or far too long
 */
export function readQuery(url: string): URLSearchParams {
  const { search, searchParams } = new URL(url);
  try {
    decodeURIComponent(search);
  } catch {
    throw badRequest("The query is not percent-encoded UTF-8; write % as %25.");
  }
  if (searchParams.size > maxParameters) {
    throw badRequest(`A query has at most ${maxParameters} parameters.`);
  }
  return searchParams;
}

/** Keys of a resource's records that lists can be filtered by, in their order. */
export function filterKeys({ projection, list }: Resource): readonly string[] {
  return projection.members
    .filter((member) => comparisonsFor(projection.entity, member).length > 0)
    .map(({ key }) => key)
    .filter((key) => list.filters === null || list.filters.includes(key));
}

const patternParameter = /\[(?:contains|starts_with|ends_with)\]$/;

/** What a query looks for in texts and in JSON, before anything of it is checked. */
export function patternsOf({ projection }: Resource, query: URLSearchParams): Patterns {
  const texts = [...query].filter(([name]) => patternParameter.test(name));
  const characters = texts.reduce((sum, [, text]) => sum + text.length, 0);
  const keys = new Set([...query.keys()].map((name) => name.split("[", 1)[0]));
  const isLookedInto = projection.members.some(
    (member) => keys.has(member.key) && isInside(projection.entity, member),
  );
  return { isLookedFor: isLookedInto || texts.length > 0, characters };
}

/** Whether its order has no index. */
export function sorts({ projection }: Resource, query: URLSearchParams): boolean {
  const key = query.get("sort")?.split(",")[0]?.trim().replace(/^[-+]/, "");
  const member = projection.members.find((one) => one.key === key);
  return member?.kind === "field" && sortsAll(projection.entity, [member.field]);
}

/** Keys that lists can be sorted by. */
export function sortKeys({ projection, list }: Resource): readonly string[] {
  if (!list.isRich) return [];
  return projection.members.flatMap((member) => {
    const definition = member.kind === "field" ? projection.entity.fields[member.field] : undefined;
    // What shows one field or else another one is in the order of neither.
    const isTwin = member.kind === "field" && member.or !== undefined;
    return definition !== undefined && isSortable(definition) && !isTwin ? [member.key] : [];
  });
}

/**
 * Reads what a list is asked for: `limit`, `cursor`, `sort`, `q`, `include_deleted` and filters.
 *
 * @throws Refused with everything that is wrong with it
 */
export function readListQuery(resource: Resource, query: URLSearchParams): ListRequest {
  const reading = new ListReading(resource);
  for (const name of new Set(query.keys())) {
    const [value = "", ...others] = query.getAll(name);
    // OpenAPI clients send a list as one parameter, or as several of the same name.
    if (name === "sort") reading.read(name, [value, ...others].join(","));
    else if (others.length > 0) reading.complain(name, "is given twice; send it once.");
    else reading.read(name, value);
  }
  return reading.finish();
}

/** So many records a page shall have; null where that cannot be. */
export function readLimit(value: string): number | null {
  const limit = /^\d{1,9}$/.test(value) ? Number(value) : 0;
  return limit >= 1 && limit <= maxPageSize ? limit : null;
}

/** What is said of a list so far. */
class ListReading {
  readonly #resource: Resource;
  readonly #issues: Issue[] = [];
  readonly #conditions: Filter[] = [];
  readonly #members: ReadonlyMap<string, Member>;
  /** That are looked for in texts. */
  #characters = 0;
  #limit = defaultPageSize;
  #cursor: string | null = null;
  #order: readonly OrderTerm[] | null = null;
  #words: SearchWords | null = null;
  #includeDeleted = false;

  constructor(resource: Resource) {
    this.#resource = resource;
    const keys = filterKeys(resource);
    const { members } = resource.projection;
    this.#members = new Map(
      members.filter(({ key }) => keys.includes(key)).map((member) => [member.key, member]),
    );
  }

  complain(path: string, complaint: Complaint | string): void {
    this.#issues.push(issueOf(path, complaint));
  }

  read(name: string, value: string): void {
    const { isRich } = this.#resource.list;
    if (name === "limit") this.#readLimit(value);
    else if (name === "cursor") this.#cursor = value;
    else if (isRich && name === "sort") this.#readSort(value);
    else if (isRich && name === "q") this.#readSearch(value);
    else if (isRich && name === "include_deleted") {
      if (value === "true" || value === "false") this.#includeDeleted ||= value === "true";
      else this.complain(name, { complaint: "notBoolean" });
    } else this.#readFilter(name, value);
  }

  finish(): ListRequest {
    const request: ListRequest = {
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
    // Where the order cannot be read, nothing can be said of a cursor.
    const hasOrder = !this.#issues.some(({ path }) => path === "sort" || path === "q");
    if (hasOrder && this.#cursor !== null && !isCursorOf(request, this.#cursor)) {
      this.complain("cursor", noCursor);
    }
    if (this.#issues.length > 0) throw new Refused("BAD_USER_INPUT", invalid(this.#issues));
    return request;
  }

  #readLimit(value: string): void {
    const limit = readLimit(value);
    if (limit !== null) this.#limit = limit;
    else this.complain("limit", { complaint: "notWholeUpTo", max: maxPageSize });
  }

  #readSort(value: string): void {
    const keys = sortKeys(this.#resource);
    const { entity } = this.#resource.projection;
    const terms = value.split(",").map((term) => term.trim());
    const seen = new Set<string>();
    const order = terms.flatMap((term): OrderTerm[] => {
      const key = term.replace(/^[-+]/, "");
      const member = this.#resource.projection.members.find((one) => one.key === key);
      if (member?.kind !== "field" || !keys.includes(key)) {
        const named = key === "" ? "an empty key" : `no key ${key.slice(0, 80)}`;
        this.complain("sort", `has ${named}; sort by ${keys.join(", ")}`);
        return [];
      }
      if (seen.has(member.field)) this.complain("sort", `has ${key} twice; name it once`);
      seen.add(member.field);
      return [{ field: member.field, direction: directionOf(term, entity.fields[member.field]) }];
    });
    if (terms.length > maxSortKeys) this.complain("sort", `has at most ${maxSortKeys} keys`);
    this.#order = order;
  }

  #readSearch(value: string): void {
    if (value.trim() === "") return this.complain("q", "is empty; give words, or leave it out");
    try {
      this.#words = searchWords(value, "q");
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.complain("q", error.refusal.complaint);
    }
  }

  #readFilter(name: string, value: string): void {
    const match = /^([a-z\d_]+)(?:\[(.*)\])?$/s.exec(name);
    const [, key = "", brackets] = match ?? [];
    const member = this.#members.get(key);
    const isPlain = brackets === undefined;
    if (member === undefined || (!this.#resource.list.isRich && !isPlain)) {
      this.complain(name, "is not a parameter of this list; remove it.");
      return;
    }
    const { entity } = this.#resource.projection;
    if (patternParameter.test(name)) this.#characters += value.length;
    if (this.#characters > maxPatternCharacters) {
      const complaint = { complaint: "tooManyCharacters", where: "list" } as const;
      this.complain(name, { ...complaint, max: maxPatternCharacters });
    }
    const found = conditionOf(entity, member, brackets, value);
    if ("complaint" in found) this.complain(name, found.complaint);
    else this.#conditions.push(found.condition);
    // A caller who asks for deleted records wants to see them.
    this.#includeDeleted ||= member.kind === "isSet" && value === "true";
  }
}

/** Records without a value come last either way. */
function directionOf(term: string, definition: Field | undefined): OrderDirection {
  if (!term.startsWith("-")) return "asc";
  return definition?.nullable === true ? "desc_nulls_last" : "desc";
}

const noCursor =
  "is not a cursor of this list and order; pass next_cursor of the page before, unchanged.";

function isCursorOf(request: ListRequest, cursor: string): boolean {
  try {
    decodeCursor(cursor, orderKeyOf(request), "cursor");
    return true;
  } catch {
    return false;
  }
}

/** More are no order that anybody means. */
export const maxSortKeys = 10;

/** What PostgreSQL cannot read in a made-up cursor, under the name that this face has for it. */
export function asCursorComplaint(thrown: unknown): unknown {
  const isOfCursor = thrown instanceof GatewayError && thrown.refusal.path?.[0] === "after";
  return isOfCursor ? badInput(["cursor"], { complaint: "whole", text: noCursor }) : thrown;
}

/**
 * Reads what one record is asked for with.
 *
 * @throws Refused with everything that is wrong with it
 */
export function readRecordQuery(
  { verb, resource }: Operation,
  query: URLSearchParams,
): { readonly includeDeleted: boolean } {
  const issues: Issue[] = [];
  for (const [name, value] of query) {
    if (verb !== "get" || !resource.list.isRich || name !== "include_deleted") {
      issues.push(issueOf(name, "is not a parameter of this operation; remove it."));
    } else if (query.getAll(name).length > 1) {
      issues.push(issueOf(name, "is given twice; send it once."));
    } else if (value !== "true" && value !== "false") {
      issues.push(issueOf(name, { complaint: "notBoolean" }));
    }
  }
  if (issues.length > 0) throw new Refused("BAD_USER_INPUT", invalid(issues));
  return { includeDeleted: query.get("include_deleted") === "true" };
}
