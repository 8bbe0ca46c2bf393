import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
} from "graphql";
import type { Random } from "../../../src/seed/random.ts";
import { ArgumentValues } from "./argument-values.ts";
import { InputText } from "./input-text.ts";
import type { Pools } from "./pools.ts";
import { Scope } from "./scope.ts";

export type Operation = {
  readonly query: string;
  /** JSON texts by the variable's name. */
  readonly variables: ReadonlyMap<string, string>;
};

type Field = GraphQLField<unknown, unknown>;

/** The place of a selection: the depth that is left, the number of objects it is made for, and the names in use. */
type Place = { readonly depth: number; readonly times: number; readonly scope: Scope };
type Fragment = {
  readonly name: string;
  readonly on: string;
  readonly times: number;
  readonly scope: Scope;
};

/** The most nodes that an operation reads at one place. An operation of more than some 100,000 is refused. */
const mostNodes = 1_500;
/** Aliases, among them names of other fields and names that every JavaScript object has. */
const aliases = [
  "id",
  "name",
  "node",
  "nodes",
  "total",
  "constructor",
  "__proto__",
  "toString",
  "A_1",
];

/** Arguments that can always be left out. */
const optional = /^(where|search|includeDeleted|after|before|types|minScore)$/;

const besideRecords = /Aggregate|Duplicate|Search|Pipeline|Forecast|Viewer|^Node$/;

/** Makes random queries that the schema allows; a few have a wrong argument, or are too expensive. */
export class OperationMaker {
  readonly #random: Random;
  readonly #schema: GraphQLSchema;
  readonly #values: ArgumentValues;
  readonly #input: InputText;
  readonly #fragments: Fragment[] = [];
  readonly #definitions: string[] = [];
  /** Half of the operations select only records, lists and edges, like most of a client's. */
  readonly #onlyRecords: boolean;
  #fields = 0;

  constructor(random: Random, schema: GraphQLSchema, pools: Pools) {
    this.#random = random;
    this.#onlyRecords = random.chance(0.5);
    this.#schema = schema;
    this.#values = new ArgumentValues(random, pools, random.chance(0.1) ? 0.2 : 0.002);
    this.#input = new InputText(random);
  }

  make(): Operation {
    const random = this.#random;
    const root = this.#schema.getQueryType();
    if (root == null) throw new Error("the schema has no queries");
    const times = random.chance(0.01) ? 0 : 1;
    const selection = this.#selection(root, {
      depth: random.between(2, 6),
      times,
      scope: new Scope(),
    });
    const { declarations, sent } = this.#input;
    const name = random.pick(["", " Random"]);
    const head = declarations === "" ? `query${name}` : `query${name}(${declarations})`;
    const texts = [`${head} ${selection}`, ...this.#definitions];
    return { query: (random.chance(0.2) ? texts.toReversed() : texts).join("\n"), variables: sent };
  }

  #selection(type: GraphQLCompositeType, place: Place): string {
    const random = this.#random;
    const parts = isAbstractType(type) ? this.#ofMembers(type, place) : this.#ofFields(type, place);
    if (random.chance(0.15) || parts.length === 0) parts.push(this.#typeName(place));
    return `{ ${this.#grouped(type, parts, place).join(" ")} }`;
  }

  #isAsked({ type }: Field): boolean {
    return !this.#onlyRecords || !besideRecords.test(getNamedType(type).name);
  }

  #typeName({ scope }: Place): string {
    const alias = this.#random.chance(0.3) ? "kind" : "__typename";
    if (!scope.admits(alias, "__typename", "String!"))
      return this.#typeName({ scope: new Scope(), depth: 0, times: 0 });
    scope.enter(alias, "__typename", "String!");
    return alias === "kind" ? "kind: __typename" : alias;
  }

  /** Some fields of an object, some of them with selections of their own. */
  #ofFields(type: GraphQLObjectType, place: Place): string[] {
    const random = this.#random;
    const all = Object.values(type.getFields()).filter((field) => this.#isAsked(field));
    const leaves = all.filter((field) => isLeafType(getNamedType(field.type)));
    const edges = place.depth <= 0 ? [] : all.filter((field) => !leaves.includes(field));
    const isRoot = type === this.#schema.getQueryType();
    const isPage = /(Connection|Edge|PageInfo|Aggregate|AggregateGroup|Pair)$/.test(type.name);
    const mostEdges = isPage ? edges.length : place.depth > 2 ? 3 : 2;
    const chosen = [
      ...random.some(random.between(0, isRoot ? 1 : 5), leaves),
      ...random.some(
        random.between(isRoot || isPage || leaves.length === 0 ? 1 : 0, mostEdges),
        edges,
      ),
    ];
    return chosen.flatMap((field) => this.#repeated(type, field, place));
  }

  /** Fragments for some of the types that an object may have. */
  #ofMembers(type: GraphQLCompositeType, place: Place): string[] {
    const random = this.#random;
    if (!isAbstractType(type)) return [];
    const members = random.some(random.between(1, 4), this.#schema.getPossibleTypes(type));
    const parts = members.map((member) => {
      const inner = this.#ofFields(member, { ...place, depth: place.depth - 1 });
      return `... on ${member.name}${this.#directive()} { ${inner.length > 0 ? inner.join(" ") : "__typename"} }`;
    });
    const common = isInterfaceType(type) ? Object.values(type.getFields()) : [];
    if (isUnionType(type) && random.chance(0.3)) parts.push("... on Node { id }");
    return [...parts, ...common.flatMap((field) => this.#field(type.name, field, place))];
  }

  /** A field, at times under two aliases with other arguments, or twice to be merged. */
  #repeated(type: GraphQLObjectType, field: Field, place: Place): string[] {
    const random = this.#random;
    const count = isLeafType(getNamedType(field.type)) || !random.chance(0.15) ? 1 : 2;
    return Array.from({ length: count }).flatMap(() => this.#field(type.name, field, place));
  }

  #field(parent: string, field: Field, place: Place): string[] {
    const random = this.#random;
    this.#fields += 1;
    const target = getNamedType(field.type);
    // Larger operations would take time and find no more.
    if (this.#fields > 60 && !isLeafType(target)) return [];
    const values = this.#values.of({
      parent,
      field: field.name,
      target: target.name,
      args: field.args,
      mostNodes: place.times === 0 ? 100 : Math.floor(mostNodes / place.times),
    });
    const given = field.args
      .filter(({ name }) => values[name] !== undefined)
      .map(
        ({ name, type }) =>
          `${name}: ${this.#input.ofArgument(type, values[name], optional.test(name))}`,
      );
    const args = given.length === 0 ? "" : `(${random.some(given.length, given).join(", ")})`;
    const head = `${field.name}${args}`;
    const name = this.#responseName(field.name, head, String(field.type), place.scope);
    const called = name === field.name ? head : `${name}: ${head}`;
    const scope = place.scope.enter(name, head, String(field.type));
    if (!isCompositeType(target)) return [`${called}${this.#directive()}`];
    const times = place.times * timesOf(field, values);
    // Connections and edges do not count as levels.
    const depth =
      isObjectType(target) && target.name.endsWith("Connection") ? place.depth : place.depth - 1;
    const below = { depth, times, scope };
    const texts = [`${called}${this.#directive()} ${this.#selection(target, below)}`];
    // The same field again with another selection: the answer merges both.
    if (random.chance(0.08))
      texts.push(`${called} ${this.#selection(target, { ...below, depth: Math.min(1, depth) })}`);
    return texts;
  }

  #responseName(field: string, head: string, type: string, scope: Scope): string {
    const random = this.#random;
    const wished = random.chance(0.2) ? random.pick(aliases) : field;
    for (const name of [wished, field]) if (scope.admits(name, head, type)) return name;
    for (let number = this.#fields; ; number += 1) {
      if (scope.admits(`f${number}`, head, type)) return `f${number}`;
    }
  }

  /** Some of the parts in a fragment, and at times an existing fragment. */
  #grouped(type: GraphQLCompositeType, parts: readonly string[], place: Place): string[] {
    const random = this.#random;
    const made = [...parts];
    const known = this.#fragments.find(
      ({ on, times, scope }) =>
        on === type.name && place.times <= times && place.scope.admitsAll(scope),
    );
    if (known !== undefined && random.chance(0.3)) {
      place.scope.enterAll(known.scope);
      made.push(`...${known.name}${this.#directive()}`);
    }
    if (parts.length < 2 || !random.chance(0.2)) return made;
    const grouped = made.splice(random.between(0, 1), random.between(1, made.length - 1)).join(" ");
    const isNode = isObjectType(type) && type.getInterfaces().some(({ name }) => name === "Node");
    if (isNode && random.chance(0.3) && place.scope.admits("id", "id", "ID!")) {
      place.scope.enter("id", "id", "ID!");
      made.push(`... on Node${this.#directive()} { id ... on ${type.name} { ${grouped} } }`);
    } else if (random.chance(0.5)) {
      const on = random.pick(["", ` on ${type.name}`]);
      made.push(`...${on}${this.#directive()} { ${grouped} }`);
    } else {
      made.push(this.#named(type, grouped, place));
    }
    return made;
  }

  #named(type: GraphQLCompositeType, grouped: string, place: Place): string {
    const name = this.#random.pick([`F${this.#fragments.length}`, `on_${this.#fragments.length}`]);
    this.#definitions.push(`fragment ${name} on ${type.name} { ${grouped} }`);
    // The names in use here, some of which the fragment contains.
    const scope = new Scope();
    scope.enterAll(place.scope);
    this.#fragments.push({ name, on: type.name, times: place.times, scope });
    return `...${name}${this.#directive()}`;
  }

  #directive(): string {
    const random = this.#random;
    if (!random.chance(0.06)) return "";
    const one = (name: string) => ` @${name}(if: ${this.#input.condition()})`;
    return random.pick([
      () => one("include"),
      () => one("skip"),
      () => `${one("skip")}${one("include")}`,
    ])();
  }
}

/** The number of objects that a field gives for each parent. */
function timesOf({ type, args, name }: Field, values: Readonly<Record<string, unknown>>): number {
  if (name === "ids") return 5;
  const bare = isNonNullType(type) ? type.ofType : type;
  const isPage = args.some((argument) => argument.name === "first");
  if (!isPage) return isListType(bare) ? 3 : 1;
  const size = values["first"] ?? values["last"];
  return typeof size === "number" && size > 0 ? size : 25;
}
