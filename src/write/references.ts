import type { EntityName, ModelOf } from "../model/datamodel.ts";
import type { Stored } from "../model/record.ts";
import type { Entity } from "../model/entity.ts";
import type { Lock, Wanted } from "./lock.ts";
import type { WriteUnit } from "./unit.ts";

const strength: Readonly<Record<Lock, number>> = { reference: 0, update: 1, exclusive: 2 };

/** The fields of an entity by which it names other records: field and entity. */
export function referenceKeys({ fields }: Entity): (readonly [string, EntityName])[] {
  return Object.entries(fields).flatMap(([key, { managed, to }]) =>
    to !== null && !managed && key !== "tenantId" ? [[key, to] as const] : [],
  );
}

/** The live records that drafts refer to, locked against being deleted meanwhile. */
export class References {
  readonly #records = new Map<string, Map<string, Stored>>();
  /** How each record is locked by now. */
  readonly #held = new Map<string, Lock>();

  /** The record of that entity and id; undefined when the caller has none. */
  get<Name extends EntityName>(entity: Name, id: unknown): Stored<ModelOf<Name>> | undefined;
  get(entity: EntityName, id: unknown): Stored | undefined {
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
  async lock(unit: WriteUnit, wanted: readonly Wanted[]): Promise<void> {
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
