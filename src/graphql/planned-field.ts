import type { Scope } from "../auth/scopes.ts";
import type { Cost } from "./access.ts";
import type { Condition } from "./merged-fields.ts";
import type { Variables } from "./variables.ts";

/** A field of the operation with all that is known of it without variables. */
export type PlannedField = {
  /** What it is called in the answer. */
  readonly name: string;
  readonly conditions: readonly Condition[];
  readonly scopes: readonly Scope[];
  readonly demand: ((variables: Variables) => FieldDemand) | null;
  readonly own: number;
  /** What the values that are selected on it cost: printing many takes longer than reading the record. */
  readonly breadth: number;
  readonly isLeaf: boolean;
  /** Under an abstract type, only one of the concrete ones is resolved for each object. */
  readonly alternatives: ReadonlyMap<string, readonly PlannedField[]>;
};
export type FieldDemand = Cost & { readonly scopes: readonly Scope[] };

type Total = { readonly cost: number; readonly path: readonly string[] };
const free: Total = { cost: 0, path: [] };

/** The cost of fields side by side, and the way to the most expensive one; their scopes are added to `scopes`. */
export function total(
  fields: readonly PlannedField[],
  variables: Variables,
  scopes: Set<Scope>,
): Total {
  let cost = 0;
  let most = free;
  for (const field of fields) {
    if (!isAskedFor(field, variables)) continue;
    for (const scope of field.scopes) scopes.add(scope);
    const asked = demandOf(field, variables);
    for (const scope of asked.scopes) scopes.add(scope);
    const under = costUnder(field, variables, scopes);
    const own = asked.own + field.breadth;
    const whole = own + asked.times * under.cost;
    cost += whole;
    if (whole <= most.cost) continue;
    const isHere = own >= asked.times * under.cost;
    most = { cost: whole, path: [field.name, ...(isHere ? [] : under.path)] };
  }
  return { cost, path: most.path };
}

function costUnder(
  { alternatives }: PlannedField,
  variables: Variables,
  scopes: Set<Scope>,
): Total {
  let common = free;
  let most = free;
  for (const [type, fields] of alternatives) {
    const found = total(fields, variables, scopes);
    if (type === "") common = found;
    else if (found.cost > most.cost) most = found;
  }
  return {
    cost: common.cost + most.cost,
    path: common.cost > most.cost ? common.path : most.path,
  };
}

const demandOf = ({ demand, own }: PlannedField, variables: Variables): FieldDemand =>
  demand?.(variables) ?? { own, times: 1, scopes: [] };

const isAskedFor = ({ conditions }: PlannedField, variables: Variables): boolean =>
  conditions.every((condition) => holds(condition, variables));

function holds({ variable, value, skips }: Condition, variables: Variables): boolean {
  const met = variable === null ? value : variables[variable] === true;
  return met !== skips;
}

/** What an answer cost by the same measure: its own lists and records stand where the plan has the largest possible. */
export type Spending = {
  readonly variables: Variables;
  /** Whether something has failed: then what is null was read as far as it could be, for all that is known. */
  readonly hasFailed: boolean;
};

/** What fields of an object of the answer cost. What its type does not have is not in it. */
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
  const { own, paged = 0 } = demandOf(field, variables);
  // A record that is not there costs what asking for it does.
  if (value === null) return own;
  const objects = objectsIn(value);
  const found = paged === 0 ? 0 : Math.min(paged, foundIn(value, paged));
  let cost = Math.max(Math.min(own, 1), own - paged + found);
  for (const object of objects) {
    cost += field.breadth;
    for (const [type, fields] of field.alternatives) {
      if (type === "") cost += spent(fields, object, spending);
    }
    cost += dearest(field, object, spending);
  }
  return cost;
}

/** Of an abstract type the answer does not say which concrete one an object has: the dearest that fits. */
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

/** How many records a list or a page of them has; all that were asked for when the answer does not say. */
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
