import type { Entity } from "../model/entity.ts";
import { changes, type Draft } from "./draft.ts";
import type { EntityWrites } from "./entity-writes.ts";
import { referenceKeys } from "./lock-rows.ts";
import { restName } from "./input.ts";
import { sentContacts } from "./contact-links.ts";
import { notFound } from "./problem.ts";
import type { Stored } from "./stored.ts";
import type { Lock, WriteUnit } from "./unit.ts";

const strength: Readonly<Record<Lock, number>> = { reference: 0, update: 1, exclusive: 2 };

/** The live records that drafts refer to, locked against being deleted meanwhile. */
export class References {
  readonly #records = new Map<string, Map<string, Stored>>();
  /** How each record is locked by now. */
  readonly #held = new Map<string, Lock>();

  /** The record of that entity and id; undefined when the caller has none. */
  get(entity: string, id: unknown): Stored | undefined {
    return typeof id === "string" ? this.#records.get(entity)?.get(id) : undefined;
  }

  /** Remembers records that are locked already. */
  hold(entity: Entity, records: ReadonlyMap<string, Stored>, lock: Lock): void {
    const known = this.#records.get(entity.name) ?? new Map<string, Stored>();
    this.#records.set(entity.name, known);
    for (const [id, record] of records) {
      known.set(id, record);
      this.#held.set(id, lock);
    }
  }

  /** Locks records, in the order of the catalog and of their ids, and remembers them as they are. */
  async lock(
    unit: WriteUnit,
    wanted: readonly { entity: string; id: string; lock: Lock }[],
  ): Promise<void> {
    await Promise.all(
      unit.catalog.entities.flatMap((entity) => {
        const locks = new Map<string, Lock>();
        for (const { id, lock } of wanted.filter((one) => one.entity === entity.name)) {
          const known = locks.get(id) ?? this.#held.get(id);
          if (known === undefined || strength[known] < strength[lock]) locks.set(id, lock);
        }
        return [...new Set(locks.values())].map((lock) =>
          this.#lockAll(
            unit,
            entity,
            lock,
            [...locks].filter(([, one]) => one === lock).map(([id]) => id),
          ),
        );
      }),
    );
  }

  async #lockAll(
    unit: WriteUnit,
    entity: Entity,
    lock: Lock,
    ids: readonly string[],
  ): Promise<void> {
    this.hold(entity, await unit.lock(entity, ids, lock), lock);
  }
}

/** Locks everything that the drafts refer to; what is not there for the caller is a problem of the field. */
export async function lockReferences(
  unit: WriteUnit,
  { entity, lockFor }: Pick<EntityWrites, "entity" | "lockFor">,
  drafts: readonly Draft[],
  references: References,
): Promise<void> {
  const fields = referenceKeys(entity);
  const wanted = drafts.flatMap((draft) => {
    const moved = fields.some(([name]) => changes(draft, name));
    return fields.flatMap(([name, to]) => {
      const id = draft.values[name];
      if (typeof id !== "string") return [];
      const lock = lockFor?.(draft, name) ?? "reference";
      // What was checked when it was written is looked at again only when something beside it moves.
      return moved || lock !== "reference" ? [{ draft, name, entity: to, id, lock }] : [];
    });
  });
  // Links too, in the same go: one order of locks for all writers.
  const linked =
    entity.relations["contacts"]?.kind === "through"
      ? drafts.flatMap((draft) =>
          (sentContacts(draft) ?? []).map((id) => ({
            entity: "contact",
            id,
            lock: lockFor?.(draft, "contactIds") ?? "reference",
          })),
        )
      : [];
  await references.lock(unit, [...wanted, ...linked]);
  for (const { draft, name, entity: to, id } of wanted) {
    if (references.get(to, id) === undefined && changes(draft, name)) {
      draft.problems.push(notFound([restName(name)], unit.catalog.entity(to).type));
    }
  }
}
