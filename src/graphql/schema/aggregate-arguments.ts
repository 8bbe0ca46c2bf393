import { currencyKey } from "../../model/kinds/currency.ts";
import type { FieldNode, GraphQLObjectType } from "graphql";
import { badInput } from "../../lib/errors.ts";
import { parseTimeZone } from "../../lib/time-zone.ts";
import { assertReadable, type Unreadable } from "../../lib/unreadable.ts";
import type { AggregateRequest, GroupOrder } from "../../query/aggregate/request.ts";
import type { GroupTerm } from "../../query/aggregate/answer.ts";
import type { Entity } from "../../model/entity.ts";
import type { OrderDirection } from "../../model/order.ts";
import type { Figure } from "../../query/aggregate/figure.ts";
import type { Filter } from "../../query/filter-value.ts";
import { figureNames, isTime, type DatePart } from "../../model/measure.ts";
import type { RowsRequest } from "../../query/page.ts";
import { searchWords } from "../../query/search.ts";
import { fieldType, selectedFields, type Selecting } from "./selection.ts";

/** Groups that an aggregate gives when nothing is said, and at most; fields that they are made by at most. */
export const defaultGroups = 100;
export const maxGroups = 1_000;
export const maxGroupFields = 4;
const maxOrderTerms = 10;

/** One item of `groupBy` as it comes from GraphQL. */
export type GroupByInput = {
  readonly field: string;
  readonly by?: DatePart | null;
  readonly timeZone?: string | null;
};

/** Which field of a figure groups are put in order by, and how: exactly one, since the type is `@oneOf`. */
export type FieldOrder = Readonly<Record<string, OrderDirection | null | undefined>>;
/** One item of a groups' `orderBy`: exactly one of its fields is given, and `currency` beside it for money. */
export type GroupOrderInput = {
  readonly count?: OrderDirection | null;
  readonly key?: FieldOrder | null;
  readonly sum?: FieldOrder | null;
  readonly avg?: FieldOrder | null;
  readonly min?: FieldOrder | null;
  readonly max?: FieldOrder | null;
  readonly currency?: string | Unreadable | null;
};

export type AggregateArguments = {
  readonly where?: Filter | null;
  readonly search?: string | null;
  readonly includeDeleted?: boolean | null;
  readonly groupBy?: readonly GroupByInput[] | null;
  readonly orderBy?: readonly GroupOrderInput[] | null;
  readonly first?: number | null;
};

/** The selection of an aggregate field in an operation. */
type AggregateField = Selecting & {
  readonly parentType: GraphQLObjectType;
  readonly fieldName: string;
  readonly fieldNodes: readonly FieldNode[];
};

/** What an aggregate field asks of the read engine: its arguments, and only the figures selected under it. */
export function aggregateRequest(
  entity: Entity,
  parent: RowsRequest["parent"],
  args: AggregateArguments,
  info: AggregateField,
): AggregateRequest {
  const type = fieldType(info.parentType, info.fieldName);
  const selected = selectedFields(info, type, info.fieldNodes);
  checkLength("groupBy", args.groupBy, maxGroupFields);
  checkLength("orderBy", args.orderBy, maxOrderTerms);
  const groupBy = (args.groupBy ?? []).map((item, index) => groupTerm(entity, item, index));
  checkFields(groupBy);
  const order = groupOrder(entity, groupBy, args.orderBy ?? []);
  const limit = args.first ?? defaultGroups;
  if (limit < 1 || limit > maxGroups) {
    throw badInput(["first"], `1 to ${maxGroups} groups; filter, or group by less, to see others.`);
  }
  const groupNodes = groupBy.length === 0 ? undefined : selected.get("groups");
  const figures = figuresUnder(info, type, selected);
  const groupCount = groupBy.length > 0 && selected.has("groupCount");
  const isIdle = figures.length === 0 && !groupCount && !selected.has("count");
  return {
    entity,
    parent,
    where: args.where ?? null,
    words: searchWords(args.search),
    includeDeleted: args.includeDeleted ?? false,
    total: isIdle ? null : { figures, groupCount },
    groups:
      groupNodes === undefined
        ? null
        : { figures: groupFigures(info, type, groupNodes), order, limit },
    // Nobody looks at the groups: none are made.
    groupBy: groupNodes === undefined && !groupCount ? [] : groupBy,
  };
}

type Selected = ReturnType<typeof selectedFields>;

function figuresUnder(info: Selecting, type: GraphQLObjectType, selected: Selected): Figure[] {
  return figureNames.flatMap((of) => {
    const nodes = selected.get(of);
    if (nodes === undefined) return [];
    const fields = selectedFields(info, fieldType(type, of), nodes).keys();
    return [...fields]
      .filter((field) => !field.startsWith("__"))
      .map((field): Figure => ({ of, field }));
  });
}

function groupFigures(
  info: Selecting,
  type: GraphQLObjectType,
  nodes: Parameters<typeof selectedFields>[2],
): Figure[] {
  const group = fieldType(type, "groups");
  return figuresUnder(info, group, selectedFields(info, group, nodes));
}

function groupTerm(
  entity: Entity,
  { field, by, timeZone }: GroupByInput,
  index: number,
): GroupTerm {
  const definition = entity.fields[field];
  if (definition === undefined) throw new Error(`${entity.name} has no field ${field}`);
  const fail = (argument: "by" | "timeZone", message: string): Error => {
    const path = ["groupBy", String(index), argument];
    return badInput(path, message);
  };
  if (!isTime(definition)) {
    if (by != null) throw fail("by", `${field} is no day and no instant; leave \`by\` out.`);
    if (timeZone != null) throw fail("timeZone", `${field} is no instant; leave \`timeZone\` out.`);
    return { field, by: null, timeZone: null };
  }
  if (definition.kind.figures.periods === "days") {
    // A day is the same day everywhere: a zone that comes along for the other fields changes nothing.
    if (timeZone != null) parseTimeZone(timeZone, ["groupBy", String(index), "timeZone"]);
    return { field, by: by ?? "day", timeZone: null };
  }
  if (by == null)
    throw fail("by", `${field} is an instant; say day, week, month, quarter or year.`);
  if (timeZone == null) {
    throw fail(
      "timeZone",
      `${field} is an instant; name the zone whose days count, such as "America/New_York" or "UTC".`,
    );
  }
  return { field, by, timeZone: parseTimeZone(timeZone, ["groupBy", String(index), "timeZone"]) };
}

/** Before anything is done for each item. */
function checkLength(
  argument: "groupBy" | "orderBy",
  items: readonly unknown[] | null | undefined,
  most: number,
): void {
  if (items != null && items.length > most)
    throw badInput([argument], `at most ${most} items; give fewer.`);
}

function checkFields(groupBy: readonly GroupTerm[]): void {
  for (const [index, { field }] of groupBy.entries()) {
    if (groupBy.findIndex((other) => other.field === field) < index) {
      throw badInput(
        ["groupBy", String(index), "field"],
        `${field} is named before; name each field once.`,
      );
    }
  }
}

const orderKinds = ["count", "key", ...figureNames] as const;

function groupOrder(
  entity: Entity,
  groupBy: readonly GroupTerm[],
  orderBy: readonly GroupOrderInput[],
): GroupOrder[] {
  if (orderBy.length > 0 && groupBy.length === 0)
    throw badInput(["orderBy"], "puts groups in order; give groupBy as well.");
  const keys: string[] = [];
  return orderBy.map((input, index) => {
    const path = ["orderBy", String(index)];
    const by = theOnly(
      orderKinds.filter((kind) => input[kind] !== undefined),
      path,
    );
    const currency = asCurrency(input.currency, [...path, "currency"]);
    if (by === "count") {
      if (currency !== null) throw needlessCurrency(path);
      if (input.count == null) throw badInput([...path, by], { complaint: "noDirection" });
      return { by, direction: input.count };
    }
    const [[field, direction] = []] = Object.entries(input[by] ?? {});
    if (field === undefined || direction == null)
      throw badInput([...path, by], "name a field, with asc or desc.");
    if (by !== "key") {
      checkCurrency(entity, field, currency, keys, path);
      return { by, field, direction, currency };
    }
    if (!groupBy.some((term) => term.field === field)) {
      const at = [...path, by, field];
      throw badInput(at, "is no part of the key; add it to groupBy.");
    }
    if (currency !== null) throw needlessCurrency(path);
    keys.push(field);
    return { by, field, direction };
  });
}

/** Money is compared within one currency: the one that is named, or that of groups which are alike in it by then. */
function checkCurrency(
  entity: Entity,
  field: string,
  currency: string | null,
  keys: readonly string[],
  path: readonly string[],
): void {
  const measure = entity.fields[field]?.measure;
  if (typeof measure !== "object") {
    if (currency !== null) throw needlessCurrency(path);
  } else if (currency === null && !keys.includes(measure.currency)) {
    const at = [...path, "currency"];
    throw badInput(
      at,
      `amounts in different currencies cannot be compared; name one, or order by the key \`${measure.currency}\` before.`,
    );
  }
}

function needlessCurrency(path: readonly string[]): Error {
  const at = [...path, "currency"];
  return badInput(at, "is for money only; leave it out here.");
}

function theOnly<Name extends string>(names: readonly Name[], path: readonly string[]): Name {
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) return only;
  throw badInput(path, "name exactly one; add further terms as further list items.");
}

function asCurrency(
  currency: string | Unreadable | null | undefined,
  path: readonly string[],
): string | null {
  assertReadable(currency, path);
  return currency == null ? null : currencyKey(currency);
}
