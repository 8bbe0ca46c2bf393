import { defaultGroups } from "../schema/aggregate-arguments.ts";
import { countIn, type Access, type Cost } from "./access.ts";
import { readingCost, recordsIn, weights } from "../../limits/weights.ts";
import { sortsAll, type Entity } from "../../model/entity.ts";
import { patternsIn } from "../../query/filter-value.ts";
import { defaultPageSize } from "../../query/page.ts";

type Place = "edge" | "root";
const placeOf = (isRoot: boolean): Place => (isRoot ? "root" : "edge");

/** The cost of a list. Its page costs the same if nodes, edges or only `pageInfo` are selected. */
export const listCost = (entity: Entity): Pick<Access, "cost" | "uses"> => ({
  uses: ["first", "last", "search", "where", "orderBy"],
  cost: ({ first, last, search, where, orderBy }, { isRoot, selected }) => {
    const size = countIn(first ?? last, defaultPageSize);
    const reads = selected.has("nodes") || selected.has("edges") || selected.has("pageInfo");
    const counts = selected.has("totalCount");
    const place = placeOf(isRoot);
    const searches = search == null ? 0 : Number(reads) + Number(counts);
    const terms = orderedBy(orderBy);
    const reading = readingCost(patternsIn(where), sortsAll(entity, terms), place);
    const extra = (counts ? weights.count[place] : 0) + searches * weights.search[place] + reading;
    const paged = reads ? size : 0;
    return { own: Math.max(1, paged + extra), times: size, paged, items: size };
  },
});

/** The fields of an order, unchecked, since an invalid order is refused later. */
const orderedBy = (orderBy: unknown): readonly string[] =>
  Array.isArray(orderBy) ? orderBy.flatMap((term: unknown) => Object.keys(Object(term))) : [];

export const aggregateCost: Pick<Access, "cost" | "uses"> = {
  uses: ["groupBy", "first", "search", "where"],
  cost: ({ groupBy, first, search, where }, { isRoot }) => {
    const place = placeOf(isRoot);
    const isGrouped = Array.isArray(groupBy) ? groupBy.length > 0 : groupBy != null;
    const paged = isGrouped ? countIn(first, defaultGroups) : 0;
    const groups = isGrouped ? weights.groups[place] : 0;
    const searched = search == null ? 0 : weights.search[place];
    const own =
      weights.aggregate[place] +
      searched +
      groups +
      paged +
      readingCost(patternsIn(where), false, place);
    return { own, times: 1, paged, items: paged };
  },
};

export const searchCost: Pick<Access, "cost" | "uses"> = {
  uses: ["first"],
  cost: ({ first }, { selected }) => {
    const size = countIn(first, defaultPageSize);
    const searches = selected.has("totalCount") ? 2 : 1;
    const own = searches * weights.search.kinds + size;
    return { own, times: size, paged: size, items: size };
  },
};

/** Several records by the ids in an argument. */
export const idsCost = (argument: string): Pick<Access, "cost" | "uses"> => ({
  uses: [argument],
  cost: ({ [argument]: ids }) => {
    const count = Array.isArray(ids) ? ids.length : 1;
    return { own: count, times: count };
  },
});

/** Likely duplicates of a record. */
export const duplicatesCost = (defaultCount: number): Pick<Access, "cost" | "uses"> => ({
  uses: ["first"],
  cost: ({ first }) => {
    const size = countIn(first, defaultCount);
    return { own: weights.duplicates + size, times: size, paged: size };
  },
});

/** A page of pairs of likely duplicates. */
export const pairsCost: Pick<Access, "cost" | "uses"> = {
  uses: ["first"],
  cost: ({ first }) => {
    const size = countIn(first, defaultPageSize);
    return { own: weights.pairs + size, times: size, paged: size, items: size };
  },
};

/** Aggregates over all deals of the tenant. */
export const figuresCost: Pick<Access, "cost"> = {
  cost: () => ({ own: weights.groups.root, times: 1 }),
};

/** A mutation of one record, or of all records in its inputs. */
export const mutationCost: Pick<Access, "cost" | "uses"> = {
  uses: ["input", "inputs"],
  cost: ({ input, inputs }) => {
    const times = Array.isArray(inputs) ? Math.max(1, inputs.length) : 1;
    const own = weights.mutation * Math.max(1, recordsIn(inputs ?? input));
    return { own, times, ...(Array.isArray(inputs) ? { items: times } : {}) };
  },
};

export const mergeCost: Pick<Access, "cost"> = {
  cost: () => ({ own: weights.merge, times: 1 }),
};

/**
 * Introspection, which is resolved without a pause: 85 ms for the whole schema. The lists of a type have the same
 * estimate for all types.
 */
const introspection: Readonly<Record<string, Cost>> = {
  "__Schema.types": { own: 2_000, times: 150 },
  "__Schema.directives": { own: 10, times: 10 },
  "__Type.fields": { own: 5, times: 3 },
  "__Type.inputFields": { own: 5, times: 3 },
  "__Type.enumValues": { own: 5, times: 1 },
  "__Type.interfaces": { own: 5, times: 3 },
  "__Type.possibleTypes": { own: 5, times: 3 },
  "__Field.args": { own: 5, times: 3 },
  "__Directive.args": { own: 5, times: 3 },
};

/** The cost of a field of introspection; undefined for all other fields. */
export function introspectionCost(type: string, field: string): Cost | undefined {
  return introspection[`${type}.${field}`];
}

/** A record, under an object that holds it. */
export const recordCost: Pick<Access, "cost"> = { cost: () => ({ own: 1, times: 1 }) };

/** An object that only holds parts of something that was counted already. */
export const noCost: Pick<Access, "cost"> = { cost: () => ({ own: 0, times: 1 }) };
