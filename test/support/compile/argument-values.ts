import { getNamedType, isEnumType, isInputObjectType, type GraphQLArgument } from "graphql";
import type { Random } from "../../../src/seed/random.ts";
import type { Entity } from "../../../src/model/entity.ts";
import { isMoney } from "../../../src/model/measure.ts";
import { catalog } from "../../../src/modules/catalog.ts";
import { cursorKey, type Pools } from "./pools.ts";

type Values = Record<string, unknown>;

/** A field that gets random arguments. */
export type Asked = {
  /** The name of the field's parent type. */
  readonly parent: string;
  readonly field: string;
  /** The name of the field's own type. */
  readonly target: string;
  readonly args: readonly GraphQLArgument[];
  /** The most nodes it may give before the operation becomes too expensive. */
  readonly mostNodes: number;
};

/** Makes arguments that suit each other. `wrong` is the share of operations with one that does not. */
export class ArgumentValues {
  readonly #random: Random;
  readonly #pools: Pools;
  readonly #wrong: number;

  constructor(random: Random, pools: Pools, wrong: number) {
    this.#random = random;
    this.#pools = pools;
    this.#wrong = wrong;
  }

  /** The values of the given arguments by name. */
  of(asked: Asked): Values {
    const random = this.#random;
    const names = new Set(asked.args.map(({ name }) => name));
    const values: Values = {};
    if (names.has("groupBy")) this.#groups(asked, values);
    else if (names.has("first")) this.#page(asked, values);
    for (const argument of asked.args) {
      const { name } = argument;
      if (name in values || /^(first|last|after|before|groupBy)$/.test(name)) continue;
      const value = name === "orderBy" ? undefined : this.#single(argument, asked);
      if (value !== undefined) values[name] = value;
    }
    // Only one of two keys is given.
    if (names.has("number")) delete values[random.pick(["id", "number"])];
    return values;
  }

  #single({ name, type }: GraphQLArgument, { target }: Asked): unknown {
    const random = this.#random;
    const { where, searches, numbers } = this.#pools;
    const owner = /^(Pipeline|Forecast)/.test(target) ? "Deal" : entityName(target);
    switch (name) {
      case "where":
        return random.chance(0.35) ? random.pick(where.get(owner) ?? [null]) : undefined;
      case "includeDeleted":
        return random.chance(0.3) ? random.pick([true, true, false, null]) : undefined;
      case "search":
        return random.chance(0.12) ? random.pick(searches) : undefined;
      case "query":
        return random.pick(searches);
      case "types":
      case "statuses":
        return random.chance(0.5) ? random.some(random.between(1, 3), enumNames(type)) : undefined;
      case "list":
        return random.pick(enumNames(type));
      case "number":
        return random.pick(["1", ...(numbers.get(owner) ?? [])]);
      case "id":
      case "olderThan":
        return this.#id(target);
      case "ids":
        return Array.from({ length: random.between(0, 5) }, () => this.#id("Node"));
      case "minScore":
        return random.chance(0.5) ? random.pick([0, 0.1, 0.25, 1]) : undefined;
      case "from":
      case "to":
        return random.chance(0.4) ? random.pick(["1900-01-01", "2026-01-02", null]) : undefined;
      case "name":
        return random.pick(["Account", "DealFilter", "Nothing"]);
      case "includeDeprecated":
        return undefined;
      default:
        throw new Error(`nothing is known to send as ${name}`);
    }
  }

  #id(target: string): string {
    const random = this.#random;
    const { ids } = this.#pools;
    const nodes = ids.get("Node") ?? [];
    const id = random.pick(random.chance(0.95) ? (ids.get(target) ?? nodes) : nodes);
    return random.weighted<(id: string) => string>([
      [(text) => text, 20],
      [(text) => text.replace(/-.*/, (bare) => bare.toUpperCase()), 1],
      // `node` wants the prefix.
      [(text) => (target === "Node" ? text : text.slice(-36)), 3],
      [(text) => text.replace(/.$/, "f"), 1],
      [() => random.pick(["x", "", "acc-", "0190aaaa-0000-7000-8000-000000000000"]), this.#wrong],
    ])(id);
  }

  #page(asked: Asked, values: Values): void {
    const random = this.#random;
    const { mostNodes, args } = asked;
    const has = (name: string) => args.some((argument) => argument.name === name);
    const isWrong = random.chance(this.#wrong);
    const most = Math.max(1, Math.min(mostNodes, random.pick([2, 3, 5, 8, 30])));
    const size = isWrong ? random.pick([0, -1, 101, null]) : random.between(1, most);
    // No size is given if the default page is cheap.
    if (mostNodes < 60 || random.chance(0.8)) {
      values[has("last") && random.chance(0.3) ? "last" : "first"] = size;
      if (isWrong && random.chance(0.3)) values["last"] = 1;
    }
    const order = has("orderBy") && random.chance(0.5) ? this.#order(asked) : undefined;
    if (order !== undefined) values["orderBy"] = order;
    const cursors = this.#cursors(asked, order);
    for (const name of ["after", "before"]) {
      if (!has(name) || !random.chance(0.22)) continue;
      if (random.chance(this.#wrong)) values[name] = this.#wrongCursor();
      else if (cursors.length > 0) values[name] = random.maybe(0.9, cursors);
    }
  }

  #order({ target }: Asked): unknown {
    return this.#random.pick(this.#pools.orders.get(entityName(target)) ?? [null]);
  }

  /** Cursors of the same entity in the same order, which suit every list of it. */
  #cursors({ parent, field, target }: Asked, order: unknown): readonly string[] {
    const entity = catalog.entities.find(({ type }) => type === entityName(target));
    if (entity === undefined) return [];
    const relation = catalog.entities.find(({ type }) => type === parent)?.relations[field];
    const own = relation === undefined || relation.kind === "one" ? null : relation.defaultOrder;
    const effective = order ?? (own ?? entity.defaultOrder).map(asInput);
    return this.#pools.cursors.get(cursorKey(entity.type, effective)) ?? [];
  }

  #wrongCursor(): string {
    const random = this.#random;
    const cursors = [...this.#pools.cursors.values()].flat();
    const cursor = random.pick(cursors);
    const place = random.between(0, cursor.length - 1);
    return random.pick([
      cursor,
      "",
      "x",
      cursor.slice(0, -3),
      `${cursor.slice(0, place)}${random.pick(["A", "z", "-", "=", " "])}${cursor.slice(place + 1)}`,
      Buffer.from('["id","made up"]').toString("base64url"),
    ]);
  }

  #groups({ target, args, mostNodes }: Asked, values: Values): void {
    const random = this.#random;
    if (random.chance(0.3)) return;
    const entity = catalog.entities.find(({ type }) => type === entityName(target));
    const fields = fieldsOf(args, "groupBy", "field");
    if (entity === undefined) throw new Error(`${target} is of no entity`);
    const groupBy = random
      .some(random.between(1, 3), fields)
      .map((field) => this.#groupTerm(entity, field));
    values["groupBy"] = groupBy;
    values["first"] = random.between(1, Math.max(1, Math.min(mostNodes, 20)));
    if (random.chance(0.5)) {
      const names = groupBy.map(({ field }) => field);
      const terms = Array.from({ length: random.between(1, 2) }, () =>
        this.#groupOrder(entity, args, names),
      );
      values["orderBy"] = terms;
    }
  }

  #groupTerm(entity: Entity, field: string) {
    const random = this.#random;
    const periods = entity.fields[field]?.kind.figures.periods ?? null;
    if (periods === null) return { field };
    const by = random.pick(["day", "week", "month", "quarter", "year"]);
    if (periods === "days") return random.chance(0.3) ? { field } : { field, by };
    const timeZone = random.pick(["UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]);
    return random.chance(this.#wrong)
      ? { field, timeZone: "Mars/Olympus" }
      : { field, by, timeZone };
  }

  #groupOrder(entity: Entity, args: readonly GraphQLArgument[], groupedBy: readonly string[]) {
    const random = this.#random;
    const direction = random.pick(directions);
    const kind = random.pick(["count", "key", "sum", "avg", "min", "max"]);
    if (kind === "count") return { count: direction };
    if (kind === "key") return { key: { [random.pick(groupedBy)]: direction } };
    const fields = fieldsOf(args, "orderBy", kind);
    if (fields.length === 0) return { count: direction };
    const field = random.pick(fields);
    const definition = entity.fields[field];
    const money = definition !== undefined && isMoney(definition);
    return { [kind]: { [field]: direction }, ...(money ? { currency: "EUR" } : {}) };
  }
}

const directions = [
  "asc",
  "desc",
  "asc_nulls_first",
  "asc_nulls_last",
  "desc_nulls_first",
  "desc_nulls_last",
];

const entityName = (target: string): string => target.replace(/(Connection|Aggregate)$/, "");
const asInput = ({ field, direction }: { readonly field: string; readonly direction: string }) => ({
  [field]: direction,
});

function enumNames(type: GraphQLArgument["type"]): readonly string[] {
  const named = getNamedType(type);
  return isEnumType(named) ? named.getValues().map(({ name }) => name) : [];
}

/** The fields that an item of `groupBy` or `orderBy` can name in one of its places. */
function fieldsOf(args: readonly GraphQLArgument[], argument: string, place: string) {
  const input = getNamedType(args.find(({ name }) => name === argument)?.type);
  if (!isInputObjectType(input)) return [];
  const inner = getNamedType(input.getFields()[place]?.type);
  if (isEnumType(inner)) return enumNames(inner);
  return isInputObjectType(inner) ? Object.keys(inner.getFields()) : [];
}
