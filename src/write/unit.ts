import type { Draftable, Stored, Values } from "../model/record.ts";
import type { ModelName } from "../model/datamodel.ts";
import { isDeepStrictEqual } from "node:util";
import type { Actor } from "../auth/actor.ts";
import { EventLog } from "../changes/event-log.ts";
import type { Transaction } from "../db/transaction.ts";
import type { Catalog } from "../model/catalog.ts";
import type { Entity } from "../model/entity.ts";
import type { Cells } from "../query/row.ts";
import { all, always, isOneOf, name, param, raw, render, sql, type Sql } from "../lib/sql.ts";
import { viewerSql, visible } from "../query/visible.ts";
import { lockSql, type Liveness, type Lock } from "./lock.ts";
import { clearSql, insertSql, updateSql } from "./statements.ts";
import { computedValues, readStored, storedColumns, writtenColumns } from "./stored.ts";
import { TenantFacts, type TenantPicklists, type TenantSettings } from "./tenant-facts.ts";

/**
 * One transaction's writes. Reads wait for their answer; writes are sent and not waited for, since every row that is
 * written was locked and read before. Each write leaves its change event.
 */
export class WriteUnit {
  readonly actor: Actor;
  readonly catalog: Catalog;
  /** Whether changes that leave their record as it is are not written. */
  readonly skipsUnchanged: boolean;
  /** The time of all that this transaction writes. */
  readonly now: string = new Date().toISOString();
  readonly #transaction: Transaction;
  readonly #events: EventLog;
  readonly #facts: TenantFacts;
  /** `entity.field` of what was cleared to make room, and is written in any case. */
  readonly #cleared = new Set<string>();

  constructor(
    transaction: Transaction,
    options: { actor: Actor; catalog: Catalog; skipsUnchanged?: boolean | undefined },
  ) {
    this.#transaction = transaction;
    this.actor = options.actor;
    this.catalog = options.catalog;
    this.skipsUnchanged = options.skipsUnchanged ?? false;
    this.#facts = new TenantFacts(this.actor.tenantId, (statement) => this.rows(statement));
    this.#events = new EventLog({
      tenantId: this.actor.tenantId,
      actor: this.actor.id,
      now: this.now,
    });
  }

  /** Rows of a statement. */
  rows(statement: Sql): Promise<Cells[]> {
    const { text, values } = render(statement);
    return this.#transaction.rows(text, values);
  }

  /** Sends a statement whose answer nobody needs. */
  send(statement: Sql): void {
    const { text, values } = render(statement);
    this.#transaction.send(text, values);
  }

  /** Whether Citus carries it out on other nodes. */
  get isDistributed(): boolean {
    return this.#transaction.isDistributed;
  }

  /** This tenant, as a parameter. */
  get tenant(): Sql {
    return param(this.actor.tenantId, "uuid");
  }

  /** Records by id, without a lock. */
  read<Model extends ModelName>(
    entity: Entity<Model>,
    ids: readonly string[],
    liveness: Liveness = "live",
  ): Promise<Map<string, Stored<Model>>> {
    return this.#select(entity, ids, liveness, null);
  }

  /** Records by id, locked in the order of their ids, as they are once the lock is held. */
  lock<Model extends ModelName>(
    entity: Entity<Model>,
    ids: readonly string[],
    lock: Lock,
    liveness: Liveness = "live",
  ): Promise<Map<string, Stored<Model>>> {
    return this.#select(entity, ids, liveness, lock);
  }

  /** Live records that the caller may see and that meet a condition on the table `t`. */
  find<Model extends ModelName>(
    entity: Entity<Model>,
    condition: Sql,
    lock: Lock | null = null,
    liveness: Liveness = "live",
  ): Promise<Stored<Model>[]> {
    return this.#find(entity, condition, { lock, liveness, appId: this.actor.appId });
  }

  /**
   * Records of the tenant that meet a condition, whoever may see them: for rules that hold between records (one
   * primary, one total, one account), and never to be told to the caller.
   */
  findAll<Model extends ModelName>(
    entity: Entity<Model>,
    condition: Sql,
    lock: Lock | null = null,
    liveness: Liveness = "live",
  ): Promise<Stored<Model>[]> {
    return this.#find(entity, condition, { lock, liveness, appId: null });
  }

  async #find<Model extends ModelName>(
    entity: Entity<Model>,
    condition: Sql,
    { lock, liveness, appId }: { lock: Lock | null; liveness: Liveness; appId: string | null },
  ): Promise<Stored<Model>[]> {
    const viewer = viewerSql({ tenantId: this.actor.tenantId, appId });
    const state =
      !entity.softDelete || liveness === "all"
        ? always
        : raw(`t."deleted_at" IS ${liveness === "live" ? "" : "NOT "}NULL`);
    const conditions = all([visible(entity, "t", viewer, true), state, condition]);
    const locking = lock === null ? "" : ` ${lockSql[lock]}`;
    const rows = await this.rows(
      sql`SELECT ${storedColumns(entity)} FROM ${raw(name(entity.table))} t WHERE ${conditions} ORDER BY t."id"${raw(locking)}`,
    );
    return rows.map((cells) => readStored(entity, cells));
  }

  async #select<Model extends ModelName>(
    entity: Entity<Model>,
    ids: readonly string[],
    liveness: Liveness,
    lock: Lock | null,
  ): Promise<Map<string, Stored<Model>>> {
    if (ids.length === 0) return new Map();
    const wanted = isOneOf(raw(`t."id"`), [...new Set(ids)], "uuid");
    const found = await this.find(entity, wanted, lock, liveness);
    return new Map(found.map((record) => [record.id, record]));
  }

  /** The tenant's own settings, and its day today. */
  tenantFacts(): Promise<TenantSettings> {
    return this.#facts.settings();
  }

  /** The lists of an entity's fields as the tenant has them. */
  picklists(entity: Entity): Promise<TenantPicklists> {
    return this.#facts.picklists(entity);
  }

  /** Inserts records with their events; every column's value is given. */
  insert<Model extends ModelName>(
    entity: Entity<Model>,
    records: readonly (Stored<Model> | Draftable<Model>)[],
  ): void {
    this.insertParts(entity, records);
    for (const record of records) this.#events.add(entity, "created", null, record);
  }

  /** Inserts what is a part of another record, and told by that one's event. */
  insertParts<Model extends ModelName>(
    entity: Entity<Model>,
    records: readonly (Stored<Model> | Draftable<Model>)[],
  ): void {
    if (records.length === 0) return;
    this.send(insertSql(entity, records));
  }

  /**
   * Updates locked records: each change is the record as it was and the values it shall have. Version and stamps
   * move with it. Not for the same record twice in one call.
   */
  update<Model extends ModelName>(
    entity: Entity<Model>,
    changes: readonly { readonly before: Stored<Model>; readonly values: Values<Model> }[],
    operation?: "updated" | "deleted" | "restored",
  ): void;
  update(
    entity: Entity,
    changes: readonly { readonly before: Stored; readonly values: Values }[],
    operation: "updated" | "deleted" | "restored" = "updated",
  ): void {
    if (changes.length === 0) return;
    const after = changes.map(({ before, values }) => ({
      ...before,
      ...values,
      // Of records that were read in part, too: what is not written stays.
      ...computedValues(entity, { ...before, ...values }, values),
      ...this.#stamp(entity, before),
    }));
    const columns = writtenColumns(entity).filter(
      ({ field }) =>
        this.#cleared.has(`${entity.name}.${field}`) ||
        changes.some(
          ({ before }, index) => !isDeepStrictEqual(before[field], after[index]?.[field]),
        ),
    );
    if (columns.length > 0) this.send(updateSql(entity, columns, after, this.tenant));
    for (const [index, record] of after.entries()) {
      this.#events.add(entity, operation, changes[index]?.before ?? null, record);
    }
  }

  /** Empties a field of records ahead of the update that writes them: one statement has no order of rows. */
  clear(entity: Entity, field: string, ids: readonly string[]): void {
    const definition = entity.fields[field];
    if (ids.length === 0 || definition === undefined) return;
    // With what the gateway looks it up by.
    const columns = writtenColumns(entity).filter(
      ({ field: one, column }) =>
        one === field || (definition.key !== null && column === name(definition.key)),
    );
    for (const { field: one } of columns) this.#cleared.add(`${entity.name}.${one}`);
    this.send(clearSql(entity, columns, ids, { field, tenant: this.tenant }));
  }

  #stamp(entity: Entity, before: Stored): Values {
    const version = Number(before["version"]) + 1;
    return entity.fields["updatedAt"] === undefined
      ? { version }
      : { version, updatedAt: this.#after(before["updatedAt"]), updatedBy: this.actor.id };
  }

  /** Now, or just after the last write: who waited for another writer began before that one ended. */
  #after(last: unknown): string {
    if (typeof last !== "string" || last < this.now) return this.now;
    return new Date(Date.parse(last) + 1).toISOString();
  }

  /** Logs what a cascade did to a record that was not read. */
  logMoved(
    entity: Entity,
    operation: "deleted" | "restored",
    moved: {
      readonly id: string;
      readonly version: number;
      readonly updatedAt: string;
      readonly appId: string | null;
      readonly deletion: Values;
    },
  ): void {
    const { deletion: gone, appId, ...now } = moved;
    const [before, after] = operation === "deleted" ? [{}, gone] : [gone, {}];
    this.#events.add(entity, operation, { ...before, appId }, { ...now, appId, ...after });
  }

  /** Adds to a record's event what is no column of it, e.g. the contacts of a deal. */
  note(entity: Entity, id: string, field: string, before: unknown, after: unknown): void {
    this.#events.note(entity, id, field, before, after);
  }

  /** Sends the change events; called once, before the commit. */
  finish(): void {
    for (const statement of this.#events.statements()) this.send(statement);
  }
}
