import type { OrderTerm } from "./order.ts";

/** An edge to another entity. `key` is a field of this entity for `one`, of the other for `many`. */
export type Relation =
  | {
      readonly kind: "one";
      readonly to: string;
      readonly key: string;
      readonly description: string;
    }
  | {
      readonly kind: "many";
      readonly to: string;
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
      readonly to: string;
      readonly table: string;
      /** Column of the join table that holds this entity's id, and the one with the other's. */
      readonly source: string;
      readonly target: string;
      readonly description: string;
      readonly defaultOrder: readonly OrderTerm[] | null;
    };

export type ManyRelation = Exclude<Relation, { kind: "one" }>;

export const one = (to: string, key: string, description: string): Relation => ({
  kind: "one",
  to,
  key,
  description,
});
export const many = (
  to: string,
  key: string,
  description: string,
  defaultOrder: readonly OrderTerm[] | null = null,
): Extract<Relation, { kind: "many" }> => ({
  kind: "many",
  to,
  key,
  description,
  defaultOrder,
  only: null,
  contained: false,
});
/** The records at the other end live and die with this one. */
export const contains = (relation: Extract<Relation, { kind: "many" }>): Relation => ({
  ...relation,
  contained: true,
});
export const through = (
  to: string,
  join: { table: string; source: string; target: string },
  description: string,
): Relation => ({ kind: "through", to, ...join, description, defaultOrder: null });
