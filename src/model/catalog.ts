import { badInput } from "../lib/errors.ts";
import { splitId } from "../lib/id.ts";
import type { EntityName, ModelOf } from "./datamodel.ts";
import type { Entity } from "./entity.ts";

/** All entities by name, and the look-ups that the read engine needs. */
export class Catalog {
  readonly entities: readonly Entity[];
  /** Kinds of records that the log tells of and their own modules read: nothing lists them, and none is a node. */
  readonly apart: readonly Entity[];
  readonly #byName: ReadonlyMap<string, Entity>;
  readonly #byType: ReadonlyMap<string, Entity>;
  readonly #byPrefix: ReadonlyMap<string, Entity>;
  readonly #loggedByPrefix: ReadonlyMap<string, Entity>;

  constructor(entities: readonly Entity[], apart: readonly Entity[] = []) {
    this.entities = entities;
    this.apart = apart;
    const all = [...entities, ...apart];
    this.#byName = new Map(all.map((entity) => [entity.name, entity]));
    this.#byType = new Map(all.map((entity) => [entity.type, entity]));
    const nodes = entities.filter((entity) => entity.isNode);
    this.#byPrefix = new Map(nodes.map((entity) => [entity.prefix, entity]));
    this.#loggedByPrefix = new Map([...nodes, ...apart].map((entity) => [entity.prefix, entity]));
    for (const entity of all) this.#check(entity);
  }

  /** The entity of that name; a model without an entity is a programming error. */
  entity<Name extends EntityName>(name: Name): Entity<ModelOf<Name>>;
  entity(name: string): Entity;
  entity(name: string): Entity {
    const found = this.#byName.get(name);
    if (found === undefined) throw new Error(`no entity "${name}" in the catalog`);
    return found;
  }

  /** The entity with that GraphQL type. */
  byType(type: string): Entity {
    const found = this.#byType.get(type);
    if (found === undefined) throw new Error(`no entity of type "${type}" in the catalog`);
    return found;
  }

  /** The entity that a public id names by its prefix; null when it names none. */
  byId(given: string): Entity | null {
    return this.#byPrefix.get(splitId(given)?.prefix ?? "") ?? null;
  }

  /** Which record a public id names; without a prefix it could be of any entity. */
  parseAnyId(given: string, path: readonly string[]): { to: Entity; uuid: string } {
    return this.#parse(this.#byPrefix, given, path);
  }

  /** The same of a record that the log tells of, which may be no node. */
  parseLoggedId(given: string, path: readonly string[]): { to: Entity; uuid: string } {
    return this.#parse(this.#loggedByPrefix, given, path);
  }

  #parse(
    among: ReadonlyMap<string, Entity>,
    given: string,
    path: readonly string[],
  ): { to: Entity; uuid: string } {
    const parts = splitId(given);
    const to = parts === null ? undefined : among.get(parts.prefix);
    if (parts === null || to === undefined) {
      throw badInput(path, "an id with its prefix is needed here, e.g. acc-<uuid>.");
    }
    return { to, uuid: parts.uuid };
  }

  /** A relation whose entity or key callers cannot see would only fail on the first query: fail at start. */
  #check(entity: Entity): void {
    for (const [name, relation] of Object.entries(entity.relations)) {
      const target = this.entity(relation.to);
      const keyHolder = relation.kind === "one" ? entity : target;
      if (relation.kind !== "through" && keyHolder.fields[relation.key] === undefined) {
        throw new Error(`${entity.name}.${name}: ${keyHolder.name} has no field "${relation.key}"`);
      }
    }
    for (const other of entity.tellsOf ?? []) this.entity(other);
    for (const { to } of Object.values(entity.fields)) if (to !== null) this.entity(to);
  }
}
