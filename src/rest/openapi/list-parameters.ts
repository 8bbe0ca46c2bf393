import { sortPattern } from "../../lib/sort-pattern.ts";
import { maxPartLength } from "../../lib/text.ts";
import type { Comparison, JsonSchema } from "../../model/kind.ts";
import { namedBy } from "../../model/public-value.ts";
import { catalog } from "../../modules/catalog.ts";
import { defaultPageSize, maxPageSize } from "../../query/page.ts";
import type { Member } from "../../query/projection.ts";
import type { Resource } from "../face.ts";
import {
  comparedField,
  comparisonsFor,
  comparisonsOfTwins,
  isInside,
} from "../filter-condition.ts";
import { comparisonsOf, maxValues } from "../filter-operand.ts";
import { formats } from "../export/request.ts";
import { filterKeys, maxSortKeys, sortKeys } from "../list-query.ts";
import { restWords } from "./rest-words.ts";
import { described, type Components } from "./schema.ts";

/** What a list can be asked for: its page, its order, a search and filters. */
export function listParameters(resource: Resource, components: Components): JsonSchema[] {
  const { isRich } = resource.list;
  const own = isRich ? [limit, cursor, search, includeDeleted] : [limit, cursor];
  return [
    ...own.map((one) => components.add("parameters", one.component, one.parameter)),
    ...(isRich ? [sort(resource, components)] : []),
    ...filterKeys(resource).map((key) => filter(resource, key, components)),
  ];
}

/** What an export can be asked for: its format, and what its list takes but pages. All lists alike are filtered by nothing. */
export function exportParameters(
  resource: Resource,
  isWhole: boolean,
  components: Components,
): JsonSchema[] {
  const own = isWhole ? [includeDeleted] : [search, includeDeleted, format, raw];
  const common = own.map((one) => components.add("parameters", one.component, one.parameter));
  if (isWhole) return common;
  const rest = filterKeys(resource).map((key) => filter(resource, key, components));
  return [...common, fields(resource), sort(resource, components), ...rest];
}

const format = {
  component: "ExportFormat",
  parameter: {
    name: "format",
    in: "query",
    description:
      "`ndjson`: one record a line as lists show it, and a last line with their number. `csv`: RFC 4180 with a header row.",
    schema: { type: "string", enum: formats, default: "ndjson" },
  },
};

const raw = {
  component: "ExportRaw",
  parameter: {
    name: "raw",
    in: "query",
    description:
      "`true` leaves texts in CSV as they are stored. Otherwise a text that a spreadsheet would run as a formula gets an apostrophe in front.",
    schema: { type: "boolean", default: false },
  },
};

/** The keys of a record, chosen and in an order. */
function fields({ projection }: Resource): JsonSchema {
  return {
    name: "fields",
    in: "query",
    description:
      "Keys of the record, separated by commas, in the order of the columns; all by default.",
    style: "form",
    explode: false,
    schema: {
      type: "array",
      items: { type: "string", enum: projection.members.map(({ key }) => key) },
      minItems: 1,
    },
  };
}

/** Whether a record is found that is deleted. */
export const includeDeleted = {
  component: "IncludeDeleted",
  parameter: {
    name: "include_deleted",
    in: "query",
    description: "Whether deleted records are found as well.",
    schema: { type: "boolean", default: false },
  },
};

/** The most records of a page. */
export const limit = {
  component: "Limit",
  parameter: {
    name: "limit",
    in: "query",
    description: "The most records of a page.",
    schema: { type: "integer", minimum: 1, maximum: maxPageSize, default: defaultPageSize },
  },
};

/** Where a page begins. */
export const cursor = {
  component: "Cursor",
  parameter: {
    name: "cursor",
    in: "query",
    description:
      "Where the page begins: `next_cursor` of the page before, unchanged, with the same order and filters.",
    schema: { type: "string", minLength: 1 },
  },
};

const search = {
  component: "Search",
  parameter: {
    name: "q",
    in: "query",
    description:
      "Words that a record's names, numbers or notes hold, without regard to case and accents, or a phone number however it is written. The best matches come first unless `sort` is given: a name or number that is the search, then beginnings, words, parts, and what is only alike.",
    schema: { type: "string", maxLength: maxPartLength },
  },
};

function sort(resource: Resource, components: Components): JsonSchema {
  const keys = sortKeys(resource);
  const items = components.add("schemas", `${resource.noun}Order`, {
    description:
      "A key to sort by; with `-`, the greatest or latest first. Records without a value come last either way.",
    type: "string",
    pattern: sortPattern(keys),
    examples: sortExamples.filter((term) => keys.includes(term.replace("-", ""))),
  });
  const parameter = {
    name: "sort",
    in: "query",
    description:
      "Keys to sort by, each once: separated by commas, or each in a parameter `sort` of its own.",
    style: "form",
    explode: false,
    schema: { type: "array", items, minItems: 1, maxItems: maxSortKeys },
  };
  return shared(resource, "sort", parameter, components);
}

/** Keys that some lists have, to show how they are written. */
const sortExamples = ["-created_at", "-value", "name", "display_name", "last_name", "position"];

/** A list and its export have the same. */
function shared(
  { noun }: Resource,
  key: string,
  parameter: JsonSchema,
  components: Components,
): JsonSchema {
  return components.add("parameters", `${noun}-${key}`, parameter);
}

/** One key: with a value to be equal to, or with comparisons, as in `created_at[gte]=2026-01-01`. */
function filter(resource: Resource, key: string, components: Components): JsonSchema {
  const { projection, list } = resource;
  const member = projection.members.find((one) => one.key === key);
  if (member === undefined) throw new Error(`${resource.noun} has no ${key}`);
  const compared = comparedField(projection.entity, member);
  const base = { name: key, in: "query", description: restWords(descriptionOf(member, compared)) };
  if (compared === null) return { ...base, schema: { type: "boolean" } };
  const { definition } = compared;
  const named = namedBy(catalog, compared.entity, definition);
  const value = definition.kind.parameter?.values(definition, named);
  if (value === undefined) throw new Error(`${resource.noun}: ${key} is not compared`);
  if (!list.isRich) return { ...base, schema: value.schema };
  const comparisons = comparisonsFor(projection.entity, member);
  const compare = filterSchema(value, comparisons, components);
  if (isInside(projection.entity, member)) {
    // Of an object without an example of its own, /docs would make one up and send it.
    const parameter = { ...base, ...deep, schema: inside(compare, components), example: {} };
    return shared(resource, key, parameter, components);
  }
  return shared(resource, key, { ...base, ...deep, schema: compare }, components);
}

/** Values by their paths: `key[risk.score][gte]=5`. */
const inside = (filtered: JsonSchema, components: Components): JsonSchema =>
  components.add("schemas", "InsideFilters", {
    description:
      "Filters by the path of a value inside, as in `custom_fields[region]=north` and `custom_fields[risk.score][gte]=5`; all must hold. Keys are joined by points; a point within a key is written `\\.`, a backslash `\\\\`. A value is also the number, or the true or false, that it reads as; with `gt`, `gte`, `lt` and `lte` a number is compared with numbers, anything else with texts.",
    type: "object",
    propertyNames: { minLength: 1 },
    additionalProperties: filtered,
  });

/** An object is sent as `key[gte]=…&key[lt]=…`, anything else as `key=…`. */
const deep = { style: "deepObject", explode: true };

function descriptionOf(member: Member, compared: ReturnType<typeof comparedField>): string {
  if (compared === null) return "`true`: only deleted records, `false`: only others.";
  if (member.kind === "ids") return "An id that is among them.";
  const { description } = compared.definition;
  const isList = comparisonsOf(compared.definition).includes("is_empty");
  return isList ? `One of them. ${description}` : description;
}

type Value = { readonly name: string; readonly schema: JsonSchema };

function filterSchema(
  { name, schema }: Value,
  comparisons: readonly Comparison[],
  components: Components,
) {
  const value = components.add("schemas", `${name}Value`, schema);
  const isList = comparisons.includes("is_empty");
  const meanings = isList ? listMeanings : valueMeanings;
  const properties = Object.fromEntries(
    comparisons.map((comparison) => {
      const description = meanings[comparison] ?? "";
      if (comparison === "is_null" || comparison === "is_empty") {
        return [comparison, { description, type: "boolean" }];
      }
      return [
        comparison,
        comparison === "in" || comparison === "not_in" || comparison === "all"
          ? { description: `${description} ${manyValues}`, type: "string", minLength: 1 }
          : described(value, description),
      ];
    }),
  );
  const kind = `${name}${isList ? "List" : comparisons === comparisonsOfTwins ? "Twin" : ""}`;
  const compared = components.add("schemas", `${kind}Comparisons`, {
    description: "All of them must hold.",
    type: "object",
    properties,
    minProperties: 1,
    additionalProperties: false,
  });
  return components.add("schemas", `${kind}Filter`, {
    description: isList
      ? "A value that must be among them, or comparisons that must all hold."
      : "A value to be equal to, or comparisons that must all hold.",
    anyOf: [value, compared],
  });
}

const manyValues = `Separated by commas, at most ${maxValues}; a comma within a value is written \`\\,\`, a backslash \`\\\\\`.`;

const valueMeanings: Partial<Record<Comparison, string>> = {
  eq: "Equal to this.",
  ne: "Anything else.",
  in: "Any of these values.",
  not_in: "None of these values.",
  gt: "Greater, or later.",
  gte: "As great or greater.",
  lt: "Less, or earlier.",
  lte: "As great or less.",
  contains: "Has this as a part, whatever case and accents; at most 200 characters.",
  starts_with: "Begins with this, whatever case and accents; at most 200 characters.",
  ends_with: "Ends with this, whatever case and accents; at most 200 characters.",
  is_null: "Whether it has no value.",
};

const listMeanings: Partial<Record<Comparison, string>> = {
  eq: "Has this.",
  ne: "Does not have this.",
  in: "Has any of these.",
  not_in: "Has none of these.",
  all: "Has all of these.",
  is_empty: "Whether it has none at all.",
};
