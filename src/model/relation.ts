import {
  columnFacts,
  entityName,
  relationFacts,
  tableOf,
  type ColumnName,
  type EntityName,
  type ModelName,
  type ModelOf,
  type RelationName,
  type RelationOf,
} from "./datamodel.ts";
import type { OrderTerm } from "./order.ts";

/** An edge to another entity. `key` is a field of this entity for `one`, of the other for `many`. */
export type Relation =
  | {
      readonly kind: "one";
      readonly to: EntityName;
      readonly key: string;
      readonly description: string;
    }
  | {
      readonly kind: "many";
      readonly to: EntityName;
      readonly key: string;
      readonly description: string;
      readonly defaultOrder: readonly OrderTerm[] | null;
      /** What else its rows hold, where the key alone could name records of several entities. */
      readonly only: { readonly field: string; readonly value: string } | null;
      /** Deleting this record deletes those too, and one restore brings all of them back. */
      readonly contained: boolean;
    }
  | {
      readonly kind: "through";
      readonly to: EntityName;
      readonly table: string;
      /** Column of the join table that holds this entity's id, and the one with the other's. */
      readonly source: string;
      readonly target: string;
      readonly description: string;
      readonly defaultOrder: readonly OrderTerm[] | null;
    };

export type ManyRelation = Exclude<Relation, { kind: "one" }>;

/**
 * What a model says of a relation. Where it leads is part of the type, so that the compiler compares it with
 * schema.prisma, which has the keys: `one("account", "…")` is a `One<"account">`.
 */
type One<To extends EntityName = EntityName> = {
  readonly kind: "one";
  readonly to: To;
  readonly description: string;
};
type Many<To extends EntityName = EntityName> = {
  readonly kind: "many";
  readonly to: To;
  readonly description: string;
  readonly defaultOrder: readonly OrderTerm[] | null;
  readonly contained: boolean;
};
type Through<Join extends string = string, To extends EntityName = EntityName> = {
  readonly kind: "through";
  /** The relation to the join table. */
  readonly join: Join;
  readonly to: To;
  readonly description: string;
};
/** Records that name this one without a relation in schema.prisma: `key` holds its id and `typed` its type. */
type Naming = {
  readonly kind: "naming";
  readonly to: EntityName;
  readonly key: string;
  readonly typed: string;
  readonly description: string;
  readonly defaultOrder: readonly OrderTerm[];
};
export type RelationMeaning = One | Many | Through | Naming;

/** The relations that a model may have: those of schema.prisma to their entities, those through join tables, and histories. */
export type RelationsOf<Model extends ModelName> = {
  readonly [Name in RelationName<Model>]?: Direct<RelationOf<Model, Name>>;
};
type Direct<Facts> = Facts extends { kind: infer Kind; to: infer To extends ModelName }
  ? Kind extends "one"
    ? One<Uncapitalize<To>>
    : Many<Uncapitalize<To>>
  : never;

/** What may stand under a name that schema.prisma does not have: `through("dealContacts", "contact", "…")`. */
export type IndirectOf<Model extends ModelName> = Naming | ThroughsOf<Model>;
type ThroughsOf<Model extends ModelName> = {
  [Join in RelationName<Model>]: RelationOf<Model, Join> extends { to: infer To extends ModelName }
    ? Through<Join, FarEnd<To>>
    : never;
}[RelationName<Model>];
type FarEnd<Join extends ModelName> = {
  [Name in RelationName<Join>]: RelationOf<Join, Name> extends {
    kind: "one";
    to: infer To extends ModelName;
  }
    ? Uncapitalize<To>
    : never;
}[RelationName<Join>];

export const one = <const To extends EntityName>(to: To, description: string): One<To> => ({
  kind: "one",
  to,
  description,
});
export const many = <const To extends EntityName>(
  to: To,
  description: string,
  defaultOrder: readonly OrderTerm<ColumnName<ModelOf<To>>>[] | null = null,
): Many<To> => ({ kind: "many", to, description, defaultOrder, contained: false });
/** The records at the other end live and die with this one. */
export const contains = <To extends EntityName>(relation: Many<To>): Many<To> => ({
  ...relation,
  contained: true,
});
/** Records at the other side of a join table, which the relation `join` leads to. */
export const through = <const Join extends string, const To extends EntityName>(
  join: Join,
  to: To,
  description: string,
): Through<Join, To> => ({ kind: "through", join, to, description });
export const naming = <const To extends EntityName>(
  to: To,
  names: Record<"key" | "typed", ColumnName<ModelOf<To>>>,
  description: string,
  defaultOrder: readonly OrderTerm<ColumnName<ModelOf<To>>>[],
): Naming => ({ kind: "naming", to, ...names, description, defaultOrder });

/** The relation of that name of a model, with its keys; fails where schema.prisma has no such relation. */
export function relationOfModel(
  model: ModelName,
  name: string,
  meaning: RelationMeaning,
): Relation {
  if (meaning.kind === "one") return { ...meaning, key: factsOf(model, name).key };
  if (meaning.kind === "many") return { ...meaning, key: factsOf(model, name).key, only: null };
  if (meaning.kind === "naming") {
    const { typed, ...rest } = meaning;
    return { ...rest, kind: "many", only: { field: typed, value: model }, contained: false };
  }
  const { join: joinName, ...rest } = meaning;
  const join = factsOf(model, joinName);
  const far = Object.values(relationFacts(join.to)).find(({ to }) => entityName(to) === rest.to);
  return {
    ...rest,
    table: tableOf(join.to),
    source: columnOf(join.to, join.key),
    target: columnOf(join.to, far?.key ?? ""),
    defaultOrder: null,
  };
}

function factsOf(model: ModelName, name: string) {
  const facts = relationFacts(model)[name];
  if (facts === undefined) throw new Error(`${model} has no relation ${name} in schema.prisma`);
  return facts;
}

function columnOf(model: ModelName, name: string): string {
  const facts = columnFacts(model, name);
  if (facts === undefined) throw new Error(`${model} has no column ${name} in schema.prisma`);
  return facts.column;
}
