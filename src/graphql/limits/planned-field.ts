import type { Scope } from "../../auth/scopes.ts";
import type { Cost } from "./access.ts";
import type { Condition } from "./collected-fields.ts";
import type { Variables } from "../server/variables.ts";

/** A field of the operation, with everything about it that does not depend on variables. */
export type PlannedField = {
  /** Its name in the answer. */
  readonly name: string;
  readonly conditions: readonly Condition[];
  readonly scopes: readonly Scope[];
  readonly demand: ((variables: Variables) => FieldDemand) | null;
  readonly own: number;
  readonly isLeaf: boolean;
  readonly isList: boolean;
  /** Whether it gives parts of its own object, which cost as much as their values: `changes`, `sum`. */
  readonly isEmbedded: boolean;
  /** The most items of its list; null if that is unknown. */
  readonly items: number | null;
  /** Whether its bytes can be more work than its value. */
  readonly isLong: boolean;
  /** The fields under it by concrete type. Under an abstract type, each object has only one of them. */
  readonly alternatives: ReadonlyMap<string, readonly PlannedField[]>;
} & Content;
export type FieldDemand = Cost & { readonly scopes: readonly Scope[] };

/** The number of values that are printed of an object, since printing many takes longer than reading the record. */
type Content = {
  /** Values, with those of embedded objects, and with all items of lists of a known length. */
  readonly values: number;
  /** Values of one item of each other list. */
  readonly listed: number;
  readonly hasLists: boolean;
};
const noContent: Content = { values: 0, listed: 0, hasLists: false };

/** The number of a record's values that take as long as the record itself. */
const valuesPerNode = 10;
/** The estimated number of items in a list that is not a page of records. */
const usualItems = 5;

const pointsOf = (values: number): number => Math.floor(values / valuesPerNode);

/** The content of an object by the fields under it; on an abstract type, by those of the widest concrete type. */
export function contentOf(alternatives: PlannedField["alternatives"]): Content {
  let [common, most] = [noContent, noContent];
  for (const [type, fields] of alternatives) {
    const found = fields.map(contentBy).reduce(plus, noContent);
    if (type === "") common = found;
    else if (wholeOf(found) > wholeOf(most)) most = found;
  }
  return plus(common, most);
}

const plus = (one: Content, other: Content): Content => ({
  values: one.values + other.values,
  listed: one.listed + other.listed,
  hasLists: one.hasLists || other.hasLists,
});
const wholeOf = ({ values, listed }: Pick<Content, "values" | "listed">): number =>
  values + usualItems * listed;

/** The content that one field adds to its object. A field with a cost of its own adds nothing. */
function contentBy(field: PlannedField): Content {
  const { isLeaf, isEmbedded, isList, items, hasLists } = field;
  if (!isLeaf && !isEmbedded) return noContent;
  const each = isLeaf ? 1 : 1 + wholeOf(field);
  if (!isList) return { values: each, listed: 0, hasLists };
  return items === null
    ? { values: 0, listed: each, hasLists: true }
    : { values: items * each, listed: 0, hasLists: true };
}

/** The cost of the selection on a field's objects. Each of `items` has been charged, with some of its values. */
function breadthOf(field: PlannedField, items: number | undefined): number {
  if (field.isEmbedded) return 0;
  const { values, listed } = field;
  return items === undefined
    ? pointsOf(wholeOf(field))
    : pointsOf(values) + items * pointsOf(listed);
}

type Total = {
  readonly cost: number;
  /** The number of values that can be long. */
  readonly long: number;
  readonly path: readonly string[];
};
const free: Total = { cost: 0, long: 0, path: [] };

/** The cost of sibling fields, and the path to the most expensive one. Their scopes are added to `scopes`. */
export function total(
  fields: readonly PlannedField[],
  variables: Variables,
  scopes: Set<Scope>,
  isPaid = false,
): Total {
  let [cost, long] = [0, 0];
  let most = free;
  for (const field of fields) {
    if (!isAskedFor(field, variables)) continue;
    for (const scope of field.scopes) scopes.add(scope);
    const asked = demandOf(field, variables);
    for (const scope of asked.scopes) scopes.add(scope);
    const under = costUnder(field, variables, scopes, asked.items !== undefined);
    const times = field.isEmbedded && field.isList && !isPaid ? usualItems : asked.times;
    const own = asked.own + (field.isList ? asked.times : 1) * breadthOf(field, asked.items);
    const whole = own + times * under.cost;
    cost += whole;
    long += Number(field.isLong) + times * under.long;
    if (whole <= most.cost) continue;
    const isHere = own >= times * under.cost;
    most = { cost: whole, long: 0, path: [field.name, ...(isHere ? [] : under.path)] };
  }
  return { cost, long, path: most.path };
}

function costUnder(
  { alternatives }: PlannedField,
  variables: Variables,
  scopes: Set<Scope>,
  isPaid: boolean,
): Total {
  let common = free;
  let most = free;
  let long = 0;
  for (const [type, fields] of alternatives) {
    const found = total(fields, variables, scopes, isPaid);
    if (type === "") {
      common = found;
      continue;
    }
    long = Math.max(long, found.long);
    if (found.cost > most.cost) most = found;
  }
  return {
    cost: common.cost + most.cost,
    long: common.long + long,
    path: common.cost > most.cost ? common.path : most.path,
  };
}

const demandOf = ({ demand, own }: PlannedField, variables: Variables): FieldDemand =>
  demand?.(variables) ?? { own, times: 1, scopes: [] };

export const isAskedFor = ({ conditions }: PlannedField, variables: Variables): boolean =>
  conditions.every((condition) => holds(condition, variables));

function holds({ variable, value, skips }: Condition, variables: Variables): boolean {
  const met = variable === null ? value : variables[variable] === true;
  return met !== skips;
}

/** The state of an answer, whose cost is computed like the plan's, but from its actual lists and records. */
export type Spending = {
  readonly variables: Variables;
  /** Whether something has failed. A null is then charged in full, since its records may have been read. */
  readonly hasFailed: boolean;
};

/** Whether a field that can be long is selected at or under a field. */
export const holdsLong = ({ isLong, alternatives }: PlannedField): boolean =>
  isLong || [...alternatives.values()].some((fields) => fields.some(holdsLong));

/** The cost of a field in an answer, if it depends only on the number of its records and the fields under them. */
export type Price = {
  /** The cost of the field itself. A page adds its records, and costs at least `least`. */
  readonly own: number;
  readonly least: number;
  /** Whether it is a page whose records are requested. */
  readonly isPaged: boolean;
  /** The cost of printing each of its objects. */
  readonly each: number;
};

/** The price of a field; null if it depends on the length of other lists. */
export function priceOf(field: PlannedField, variables: Variables): Price | null {
  const { own, paged = 0, items } = demandOf(field, variables);
  const each =
    field.hasLists && !field.isEmbedded ? breadthOfLists(field, items) : breadthOf(field, items);
  return each === null
    ? null
    : { own: own - paged, least: Math.min(own, 1), isPaged: paged > 0, each };
}

/** The same as `breadthMade`, if the items of the lists have too few values to cost a point. */
function breadthOfLists(
  { alternatives, values }: PlannedField,
  items: number | undefined,
): number | null {
  const parts = [...alternatives.values()]
    .flat()
    .filter((field) => field.isLeaf || field.isEmbedded);
  // `values` counts all fields, also those that a directive leaves out.
  if (parts.some(({ conditions }) => conditions.length > 0)) return null;
  const lists = parts.filter((field) => field.isList);
  const isFree = lists.every(
    (list) => !list.isLeaf && !list.hasLists && pointsOf(1 + list.values) === 0,
  );
  return items !== undefined && isFree ? pointsOf(values) : null;
}

/** The cost of the fields of an object in the answer. Fields that its type lacks are not in the object. */
export function spent(
  fields: readonly PlannedField[],
  object: Readonly<Record<string, unknown>>,
  spending: Spending,
): number {
  let cost = 0;
  for (const field of fields) {
    if (!Object.hasOwn(object, field.name) || !isAskedFor(field, spending.variables)) continue;
    cost += spentOn(field, object[field.name], spending);
  }
  return cost;
}

function spentOn(field: PlannedField, value: unknown, spending: Spending): number {
  const { variables, hasFailed } = spending;
  if (field.isLeaf) return 0;
  if (value === null && hasFailed) return total([field], variables, new Set()).cost;
  const { own, paged = 0, items } = demandOf(field, variables);
  // A missing record costs its look-up.
  if (value === null) return own;
  const objects = objectsIn(value);
  const found = paged === 0 ? 0 : Math.min(paged, foundIn(value, paged));
  let cost = Math.max(Math.min(own, 1), own - paged + found);
  for (const object of objects) {
    cost += breadthMade(field, object, variables, items);
    for (const [type, fields] of field.alternatives) {
      if (type === "") cost += spent(fields, object, spending);
    }
    cost += dearest(field, object, spending);
  }
  return cost;
}

/** The cost of the fields of an object's concrete type. The answer does not name it, so the dearest one counts. */
function dearest(
  { alternatives }: PlannedField,
  object: Readonly<Record<string, unknown>>,
  spending: Spending,
): number {
  let most = 0;
  for (const [type, fields] of alternatives) {
    if (type !== "") most = Math.max(most, spent(fields, object, spending));
  }
  return most;
}

/** The same as `breadthOf` with the actual lengths of lists. */
function breadthMade(
  field: PlannedField,
  object: Readonly<Record<string, unknown>>,
  variables: Variables,
  items: number | undefined,
): number {
  if (!field.hasLists || field.isEmbedded) return breadthOf(field, items);
  const { values, listed, paid } = madeOf(field, object, variables);
  return items === undefined ? pointsOf(values + listed) : pointsOf(values) + paid;
}

/** The number of values that were printed of an object and of its lists, and the points of each item. */
type Made = { readonly values: number; readonly listed: number; readonly paid: number };

function madeOf(
  { alternatives }: PlannedField,
  object: Readonly<Record<string, unknown>>,
  variables: Variables,
): Made {
  const nothing: Made = { values: 0, listed: 0, paid: 0 };
  let [common, most] = [nothing, nothing];
  for (const [type, fields] of alternatives) {
    let [values, listed, paid] = [0, 0, 0];
    for (const field of fields) {
      const value = Object.hasOwn(object, field.name) ? object[field.name] : undefined;
      const isPart = field.isLeaf || field.isEmbedded;
      if (!isPart || value === undefined || !isAskedFor(field, variables)) continue;
      if (!field.isList) values += valuesIn(field, value, variables);
      else if (Array.isArray(value)) {
        for (const item of value) {
          const each = valuesIn(field, item, variables);
          listed += each;
          paid += pointsOf(each);
        }
      }
    }
    const made = { values, listed, paid };
    if (type === "") common = made;
    else if (values + listed > most.values + most.listed) most = made;
  }
  return {
    values: common.values + most.values,
    listed: common.listed + most.listed,
    paid: common.paid + most.paid,
  };
}

function valuesIn(field: PlannedField, value: unknown, variables: Variables): number {
  if (field.isLeaf || !isObject(value)) return 1;
  if (!field.hasLists) return 1 + field.values;
  const { values, listed } = madeOf(field, value, variables);
  return 1 + values + listed;
}

/** The number of records in a list or page; all requested records if the answer does not show it. */
function foundIn(value: unknown, asked: number): number {
  if (Array.isArray(value)) return value.length;
  if (!isObject(value)) return asked;
  const lists = Object.values(value).filter((item) => Array.isArray(item));
  return lists.length === 0 ? asked : Math.max(...lists.map((list) => list.length));
}

function objectsIn(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (Array.isArray(value)) return value.flatMap(objectsIn);
  return isObject(value) ? [value] : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
