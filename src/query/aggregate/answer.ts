import { fieldOf, type Entity } from "../../model/entity.ts";
import type { Figure } from "./figure.ts";
import { isMoney, type DatePart, type FigureName } from "../../model/measure.ts";
import { readValue, type Cells, type Row } from "../row.ts";

/** One field that groups are made by; days and instants are gathered into periods, instants in a time zone. */
export type GroupTerm = {
  readonly field: string;
  readonly by: DatePart | null;
  readonly timeZone: string | null;
};

/** Figures by field; a list of {@link Money} where the field is money. */
export type Figures = { readonly count: number } & Readonly<Record<FigureName, Row>>;
export type Money = { readonly currency: string; readonly amount: unknown };
export type Group = Figures & { readonly key: Row };
export type Aggregate = Figures & {
  readonly groupCount: number;
  readonly groups: readonly Group[];
};

/** What there is to say of no rows. */
export const emptyAggregate: Aggregate = {
  count: 0,
  sum: {},
  avg: {},
  min: {},
  max: {},
  groupCount: 0,
  groups: [],
};

/** What the columns of an answer hold, after those that every answer has. */
type AnswerLayout = {
  readonly entity: Entity;
  readonly keys: readonly GroupTerm[];
  readonly figures: readonly Figure[];
};

/** The cells that every row has: parent, ord, place (0 is all), by_currency, currency, groups, n. */
const headColumns = 7;

type Gathered = Omit<Group, "count"> & { count: number };
type GatheredParent = Gathered & { groupCount: number; byPlace: Map<string, Gathered> };

/** Puts the statement's rows together: an aggregate for each parent ("" for a list without parents). */
export function collectAggregates(
  rows: readonly Cells[],
  { entity, keys, figures }: AnswerLayout,
): Map<string, Aggregate> {
  const parents = new Map<string, GatheredParent>();
  for (const cells of rows) {
    const [parentId, , place = "0", byCurrency, currency, groupCount, count] = cells;
    const parent = ensure(parents, parentId ?? "", () => ({
      ...nothing(),
      groupCount: 0,
      byPlace: new Map<string, Gathered>(),
    }));
    const target = place === "0" ? parent : ensure(parent.byPlace, place ?? "", nothing);
    if (byCurrency !== "t") {
      target.count = Number(count);
      if (place === "0") parent.groupCount = Number(groupCount ?? 0);
      Object.assign(target.key, keyRow(entity, keys, cells));
    }
    for (const [index, { of, field }] of figures.entries()) {
      const definition = fieldOf(entity, field);
      if (isMoney(definition) !== (byCurrency === "t")) continue;
      const text = cells[headColumns + keys.length + index] ?? null;
      const figure: Record<string, unknown> = target[of];
      if (!isMoney(definition)) {
        figure[field] = of === "sum" || of === "avg" ? text : readValue(definition, text);
      } else if (text !== null) {
        const known = figure[field];
        const money: Money = { currency: currency ?? "", amount: text };
        figure[field] = Array.isArray(known) ? [...known, money] : [money];
      }
    }
  }
  return new Map(
    [...parents].map(([id, { byPlace, ...parent }]) => [
      id,
      { ...parent, groups: [...byPlace.values()] },
    ]),
  );
}

const nothing = (): Gathered => ({ count: 0, key: {}, sum: {}, avg: {}, min: {}, max: {} });

function ensure<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

function keyRow(entity: Entity, groupBy: readonly GroupTerm[], cells: Cells): Row {
  return Object.fromEntries(
    groupBy.map(({ field, by }, index) => {
      const text = cells[headColumns + index] ?? null;
      return [field, by === null ? readValue(fieldOf(entity, field), text) : text];
    }),
  );
}
