import type { Entity } from "../../model/entity.ts";
import { restName } from "../../write/input.ts";
import type { ReferenceWay, RowReference } from "../read/types.ts";
import type { PreparedRow } from "./prepare.ts";
import { fieldFor } from "./references.ts";

/** Rows that one transaction writes. */
export type Portion = {
  readonly rows: readonly PreparedRow[];
  /** How many rows of the chunk are done with it. */
  readonly end: number;
};

/**
 * The next rows of a chunk: as many as may be, and none that names an earlier one of them, which is found once that one is
 * written. A dry run writes nothing: such a row goes on without what it names.
 */
export function nextPortion(
  rows: readonly PreparedRow[],
  start: number,
  {
    most,
    entity,
    dryRun,
  }: { readonly most: number; readonly entity: Entity; readonly dryRun: boolean },
): Portion {
  const given = new GivenValues(entity);
  const taken: PreparedRow[] = [];
  for (const row of rows.slice(start, start + most)) {
    const own = row.references.filter((reference) => given.has(reference));
    if (own.length > 0 && !dryRun) break;
    const references = row.references.filter((reference) => !own.includes(reference));
    taken.push(own.length === 0 ? row : { ...row, references });
    given.add(row);
  }
  return { rows: taken, end: start + taken.length };
}

/** What rows say of themselves that others of their kind may name them by. */
class GivenValues {
  readonly #entity: Entity;
  /** Ways that rows are named by: of most files none. */
  readonly #values = new Map<ReferenceWay, Set<string>>();
  readonly #rows: PreparedRow[] = [];

  constructor(entity: Entity) {
    this.#entity = entity;
  }

  add(row: PreparedRow): void {
    this.#rows.push(row);
    for (const way of this.#values.keys()) this.#take(way, row);
  }

  has({ to, by, value }: RowReference): boolean {
    if (to !== this.#entity.name || by === "id") return false;
    if (!this.#values.has(by)) {
      this.#values.set(by, new Set());
      for (const row of this.#rows) this.#take(by, row);
    }
    return this.#values.get(by)?.has(this.#compared(by, value)) === true;
  }

  #take(way: ReferenceWay, { input, errors }: PreparedRow): void {
    if (errors.length > 0) return;
    const said = input[restName(fieldFor(this.#entity, way))];
    // People are shown by both names unless it is said how.
    const names = [input["first_name"], input["last_name"]].filter(Boolean).join(" ");
    const value = said ?? (way === "name" ? names : null);
    if (typeof value === "string") this.#values.get(way)?.add(this.#compared(way, value));
  }

  #compared(way: ReferenceWay, value: string): string {
    const field = this.#entity.fields[fieldFor(this.#entity, way)];
    return field?.kind.comparedAs(value) ?? value;
  }
}
