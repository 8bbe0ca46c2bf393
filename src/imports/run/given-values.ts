import { hash } from "node:crypto";
import type { Entity } from "../../model/entity.ts";
import { restName } from "../../write/input.ts";
import type { Mapping, ReferenceWay, RowReference } from "../read/types.ts";
import type { PreparedRow } from "./prepare.ts";
import { fieldFor } from "./references.ts";

type Named = Pick<RowReference, "by" | "value">;

/** What a row says of itself that others of its kind may name it by; null if it says nothing. */
function saidBy(entity: Entity, way: ReferenceWay, { input }: PreparedRow): string | null {
  const said = input[restName(fieldFor(entity, way))];
  // People are shown by both names unless it is said how.
  const names = [input["first_name"], input["last_name"]].filter(Boolean).join(" ");
  const value = said ?? (way === "name" ? names : null);
  return typeof value === "string" ? compared(entity, { by: way, value }) : null;
}

/** A value as it is compared with others: `www.Acme.example` is the domain `acme.example`. */
export function compared(entity: Entity, { by, value }: Named): string {
  return entity.fields[fieldFor(entity, by)]?.kind.comparedAs(value) ?? value;
}

/** By what rows of a file name others of their kind. */
export function ownWays(entity: string, { columns }: Mapping): ReferenceWay[] {
  const ways = columns.flatMap(({ target }) =>
    target !== null && "reference" in target && target.to === entity ? [target.by] : [],
  );
  return [...new Set(ways)];
}

/** What rows say of themselves that others may name them by. */
export class GivenValues {
  readonly #entity: Entity;
  /** Ways that rows are named by, of most files none: value → rows. */
  readonly #values = new Map<ReferenceWay, Map<string, PreparedRow[]>>();
  readonly #rows: PreparedRow[] = [];

  constructor(entity: Entity) {
    this.#entity = entity;
  }

  add(row: PreparedRow): void {
    this.#rows.push(row);
    for (const way of this.#values.keys()) this.#take(way, row);
  }

  /** The rows that a reference names. */
  named(reference: RowReference): readonly PreparedRow[] {
    const { to, by } = reference;
    if (to !== this.#entity.name || by === "id") return [];
    if (!this.#values.has(by)) {
      this.#values.set(by, new Map());
      for (const row of this.#rows) this.#take(by, row);
    }
    return this.#values.get(by)?.get(compared(this.#entity, reference)) ?? [];
  }

  #take(way: ReferenceWay, row: PreparedRow): void {
    const value = row.errors.length > 0 ? null : saidBy(this.#entity, way, row);
    if (value === null) return;
    const same = this.#values.get(way)?.get(value);
    if (same === undefined) this.#values.get(way)?.set(value, [row]);
    else same.push(row);
  }
}

/** A name as a dry run keeps it: nothing but eight bytes for each. */
export const nameOf = (entity: Entity, named: Named): bigint =>
  hashed(named.by, compared(entity, named));

/** The names of rows, by the ways that others name them. */
export const namesOf = (
  entity: Entity,
  ways: readonly ReferenceWay[],
  rows: readonly PreparedRow[],
): bigint[] =>
  ways.flatMap((way) =>
    rows.flatMap((row) => {
      const value = saidBy(entity, way, row);
      return value === null ? [] : [hashed(way, value)];
    }),
  );

const hashed = (way: ReferenceWay, value: string): bigint =>
  hash("sha1", JSON.stringify([way, value]), "buffer").readBigInt64BE();
