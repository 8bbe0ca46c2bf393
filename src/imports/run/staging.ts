import { createHash, type Hash } from "node:crypto";
import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import type { Actor } from "../../auth/actor.ts";
import { scopeFor } from "../../auth/permissions.ts";
import { requireScopes } from "../../auth/require-scopes.ts";
import type { Database } from "../../db/database.ts";
import type { Transaction } from "../../db/transaction.ts";
import { asOwnWork } from "../../db/work.ts";
import { badInput } from "../../lib/errors.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { EntityWrites } from "../../write/entity-writes.ts";
import { claimStep, recordStep } from "../../write/idempotency.ts";
import { WriteUnit } from "../../write/unit.ts";
import { guessMapping } from "../read/guess-mapping.ts";
import { readFile } from "../read/read-file.ts";
import { anyField } from "../read/read-row.ts";
import type { FileRow, Mapping } from "../read/types.ts";
import { keptActor } from "./actor.ts";
import { packRow, packRows } from "./chunk-body.ts";
import { importKeys, keyReader } from "./keys.ts";
import type { Crowd } from "./crowd.ts";
import { columnOf } from "./prepare.ts";
import { settleUnmapped } from "./unmapped.ts";
import { mostOpenImports, type ImportOptions, type ImportWrites, type NewImport } from "./types.ts";

/** The most rows of a chunk, and characters of its rows: each chunk is one transaction. */
const [maxRows, maxCharacters] = [1_000, 4_000_000];

type Of = { readonly tenantId: string; readonly id: string };
/** An import that was staged, or the id of the one that the same file made before. */
type Outcome = Of & { readonly isNew: boolean };

/** Reads an upload into chunks of rows, as they stand in the file, in flat memory. Nothing of the CRM is written. */
export class Staging {
  readonly #database: Database;
  readonly #catalog: Catalog;
  readonly #writes: ImportWrites;
  readonly #crowd: Crowd;

  constructor(options: {
    readonly database: Database;
    readonly catalog: Catalog;
    readonly writes: ImportWrites;
    readonly crowd: Crowd;
  }) {
    this.#crowd = options.crowd;
    this.#database = options.database;
    this.#catalog = options.catalog;
    this.#writes = options.writes;
  }

  /**
   * Stages a file. What fails leaves nothing behind, and an upload that is killed is deleted later.
   *
   * @throws FileRefused if the file cannot be read, and GatewayError if the options cannot be used.
   */
  async stage(actor: Actor, asked: NewImport, source: AsyncIterable<Uint8Array>): Promise<Outcome> {
    const { options } = asked;
    const writes = this.writesOf(options);
    requireScopes(actor, [scopeFor("write", writes.entity.name)]);
    checkOptions(options, writes);
    const missing = options.createMissing.map((one) => scopeFor("write", one));
    requireScopes(actor, missing);
    const of = { tenantId: actor.tenantId, id: uuidv7() };
    await this.#begin(actor, of, asked);
    const upload = hashed(this.#crowd.paced(source), options);
    try {
      const staged = await this.#read(of, options, writes, upload.bytes);
      return await this.#end(actor, of, asked, { ...staged, ...upload.ended() });
    } catch (error) {
      // The reason counts, also if the rest is left to the sweep.
      await this.#drop(of).catch(() => undefined);
      throw error;
    } finally {
      // What is refused by its first bytes is not read on, and others wait for its turn to end.
      await upload.bytes.return(undefined);
    }
  }

  /** How records of an import's entity are written. @throws GatewayError if there is no such entity. */
  writesOf({ entity }: Pick<ImportOptions, "entity">): EntityWrites {
    const writes = this.#writes.get(entity);
    if (writes !== undefined) return writes;
    const names = [...this.#writes.values()].map((one) => one.entity.table).join(", ");
    throw badInput(["entity"], `is none that can be imported; there are ${names}.`);
  }

  #begin(actor: Actor, { tenantId, id }: Of, { options, fileName }: NewImport): Promise<void> {
    return this.#transaction(tenantId, async (transaction) => {
      const [row] = await transaction.rows(
        `SELECT count(*)::text FROM imports WHERE tenant_id = $1::uuid AND finished_at IS NULL`,
        [tenantId],
      );
      if (Number(row?.[0]) >= mostOpenImports) {
        throw badInput(
          [],
          `There are ${mostOpenImports} imports that have not ended; wait for them, or cancel some.`,
        );
      }
      transaction.send(
        `INSERT INTO imports (tenant_id, id, entity, mode, key, dry_run, abort_on_error, options, file_name, actor, app_id, created_by)
         VALUES ($1::uuid, $2::uuid, $3, $4::import_mode, $5, $6::boolean, $7::boolean, $8::jsonb, $9, $10::jsonb, $11, $12)`,
        [
          tenantId,
          id,
          options.entity,
          options.mode,
          options.key,
          options.dryRun,
          options.onError === "abort",
          JSON.stringify({ manner: options.manner, createMissing: options.createMissing }),
          fileName,
          JSON.stringify(keptActor(actor)),
          actor.appId,
          actor.id,
        ],
      );
    });
  }

  async #read(
    of: Of,
    options: ImportOptions,
    writes: EntityWrites,
    bytes: AsyncIterable<Uint8Array>,
  ) {
    const file = await readFile(bytes, options.file);
    let mapping: Mapping | null = null;
    const mapped = (sample: readonly FileRow[]): Mapping => {
      const guessed = guessMapping(writes, file.header, sample, options.map);
      return settleUnmapped(withKey(guessed, options), options.unmapped);
    };
    let keyOf: ((row: FileRow) => bigint | null) | null = null;
    let [place, rows, length] = [0, 0, 0];
    let chunk: FileRow[] = [];
    let texts: string[] = [];
    const put = async (): Promise<void> => {
      if (mapping === null) {
        mapping = mapped(chunk);
        if (options.key !== null && options.mode !== "create") {
          keyOf = keyReader(writes, mapping, options.manner, options.key);
        }
      }
      await this.#putChunk(of, place, { texts, keys: keysOf(chunk, keyOf) });
      place += 1;
      rows += chunk.length;
      [chunk, texts, length] = [[], [], 0];
    };
    for await (const row of file.rows) {
      const text = packRow(row);
      if (chunk.length === maxRows || (chunk.length > 0 && length + text.length > maxCharacters)) {
        await put();
      }
      chunk.push(row);
      texts.push(text);
      length += text.length;
    }
    if (chunk.length > 0) await put();
    // The columns of JSON are known with the last row: those that came later are mapped too.
    const all = mapping === null ? mapped([]) : this.#later(mapping, file.header, mapped);
    return { mapping: all, header: file.header, found: file.found, rows };
  }

  /** A mapping with the columns that came after it was made. */
  #later(
    known: Mapping,
    header: readonly string[],
    mapped: (sample: readonly FileRow[]) => Mapping,
  ): Mapping {
    if (known.columns.length === header.length) return known;
    const columns = new Map(known.columns.map((one) => [one.column, one]));
    const all = mapped([]);
    return { ...all, ...known, columns: all.columns.map((one) => columns.get(one.column) ?? one) };
  }

  async #putChunk(
    { tenantId, id }: Of,
    place: number,
    {
      texts,
      keys,
    }: { readonly texts: readonly string[]; readonly keys: readonly (readonly [bigint, number])[] },
  ): Promise<void> {
    const body = await packRows(texts);
    await this.#transaction(tenantId, async (transaction) => {
      const [open] = await transaction.rows(
        `UPDATE imports SET touched_at = now() WHERE tenant_id = $1::uuid AND id = $2::uuid AND status = 'uploading' RETURNING 1`,
        [tenantId, id],
      );
      if (open === undefined) throw badInput([], "The upload was cancelled.");
      transaction.send(
        `INSERT INTO import_chunks (tenant_id, import_id, place, rows, body, keys, key_rows)
         VALUES ($1::uuid, $2::uuid, $3::integer, $4::integer, $5::bytea, $6::bigint[], $7::integer[])`,
        [
          tenantId,
          id,
          place,
          texts.length,
          body,
          keys.map(([key]) => String(key)),
          keys.map(([, row]) => row),
        ],
      );
    });
  }

  /** Makes it ready to run, unless the same file has been imported. */
  #end(
    actor: Actor,
    { tenantId, id }: Of,
    { options, force, idempotencyKey = null, waits: isHeld = false }: NewImport,
    staged: {
      readonly mapping: Mapping;
      readonly header: readonly string[];
      readonly found: {
        readonly format: string;
        readonly encoding: string;
        readonly delimiter: string | null;
      };
      readonly rows: number;
      readonly bytes: number;
      readonly fingerprint: Buffer;
    },
  ): Promise<Outcome> {
    const { mapping, header, found, rows, bytes, fingerprint } = staged;
    const waits = isHeld || mapping.columns.some(({ target }) => target === null);
    return this.#transaction(tenantId, async (transaction) => {
      // The same file at the same time: one of the two is the first.
      transaction.send("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [
        `import ${tenantId} ${fingerprint.toString("hex")}`,
      ]);
      const unit = new WriteUnit(transaction, { actor, catalog: this.#catalog });
      const step = { key: idempotencyKey ?? "", requestHash: fingerprint, step: "import" };
      const done = idempotencyKey === null ? null : await claimStep(unit, step);
      const [same] =
        force || done !== null
          ? []
          : await transaction.rows(
              `SELECT id FROM imports WHERE tenant_id = $1::uuid AND fingerprint = $2::bytea AND app_id IS NOT DISTINCT FROM $3
                 AND status NOT IN ('uploading', 'failed', 'cancelled') ORDER BY created_at DESC LIMIT 1`,
              [tenantId, fingerprint, actor.appId],
            );
      const before = done === null ? (same?.[0] ?? null) : z.uuid().parse(done.outcome);
      if (idempotencyKey !== null && done === null) recordStep(unit, step, before ?? id);
      if (before !== null) {
        transaction.send("DELETE FROM imports WHERE tenant_id = $1::uuid AND id = $2::uuid", [
          tenantId,
          id,
        ]);
        return { tenantId, id: before, isNew: false };
      }
      if (options.key !== null) transaction.send(findDoubles, [tenantId, id]);
      await transaction.rows(
        `UPDATE imports SET status = $3::import_status, fingerprint = $4::bytea, bytes = $5::bigint, format = $6, encoding = $7,
           delimiter = $8, header = $9::text[], mapping = $10::jsonb, rows = $11::integer, touched_at = now()
         WHERE tenant_id = $1::uuid AND id = $2::uuid AND status = 'uploading' RETURNING 1`,
        [
          tenantId,
          id,
          waits ? "waiting" : "queued",
          fingerprint,
          bytes,
          found.format,
          found.encoding,
          found.delimiter,
          [...header],
          JSON.stringify(mapping),
          rows,
        ],
      );
      return { tenantId, id, isNew: true };
    });
  }

  #drop({ tenantId, id }: Of): Promise<void> {
    return this.#transaction(tenantId, async (transaction) => {
      transaction.send("DELETE FROM imports WHERE tenant_id = $1::uuid AND id = $2::uuid", [
        tenantId,
        id,
      ]);
    });
  }

  /** An upload is nothing that listeners of the log wait for, and ends itself if its client goes. */
  #transaction<Result>(
    tenantId: string,
    work: (transaction: Transaction) => Promise<Result>,
  ): Promise<Result> {
    return asOwnWork(() => this.#database.pool.transaction(tenantId, work, { isUnlogged: true }));
  }
}

/**
 * Rows that say the same key as one before them, with the number of the first, by chunk. Nothing of it is joined, since
 * PostgreSQL takes a file for a few keys, and would look at all of them for each.
 */
const findDoubles = `
  WITH k AS (
    SELECT c.place, u.row, min(u.row) OVER (PARTITION BY u.key) AS first
    FROM import_chunks c CROSS JOIN LATERAL unnest(c.keys, c.key_rows) AS u(key, row)
    WHERE c.tenant_id = $1::uuid AND c.import_id = $2::uuid),
  doubles AS MATERIALIZED (
    SELECT k.place, jsonb_object_agg(k.row, k.first) AS rows FROM k WHERE k.row > k.first GROUP BY k.place)
  UPDATE import_chunks c SET doubles = doubles.rows FROM doubles
  WHERE c.tenant_id = $1::uuid AND c.import_id = $2::uuid AND c.place = doubles.place`;

/**
 * The mapping with the column of ids, which an import that finds records by them needs and no other does.
 *
 * @throws GatewayError if no column says what records are found by.
 */
function withKey(mapping: Mapping, { mode, key, map }: ImportOptions): Mapping {
  if (key === null || mode === "create") return mapping;
  const columns = mapping.columns.map((one) =>
    key === "id" && (map[one.column] ?? one.column) === "id"
      ? { ...one, target: { field: "id" } }
      : one,
  );
  const keyed = { ...mapping, columns };
  if (columnOf(keyed, key) !== null) return keyed;
  const names = mapping.columns.map(({ column }) => `"${column}"`).join(", ");
  throw badInput(["key"], `is ${key}, and no column goes there: map one of ${names}.`);
}

const keysOf = (
  rows: readonly FileRow[],
  keyOf: ((row: FileRow) => bigint | null) | null,
): (readonly [bigint, number])[] =>
  keyOf === null
    ? []
    : rows.flatMap((row) => {
        const key = keyOf(row);
        return key === null ? [] : [[key, row.number] as const];
      });

/** The bytes of an upload, and what is known of them once they are read: same bytes and options, same fingerprint. */
function hashed(source: AsyncIterable<Uint8Array>, options: ImportOptions) {
  const digest: Hash = createHash("sha256").update(JSON.stringify(inOrder(options)));
  let length = 0;
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for await (const part of source) {
      digest.update(part);
      length += part.length;
      yield part;
    }
  }
  return { bytes: bytes(), ended: () => ({ bytes: length, fingerprint: digest.digest() }) };
}

/** The same with keys in one order, whatever order they were said in. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value ?? null;
  return Object.entries(value)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, part]) => [name, inOrder(part)]);
}

/** @throws GatewayError if the options do not fit the entity, or each other. */
function checkOptions(
  { mode, key, createMissing, manner }: ImportOptions,
  writes: EntityWrites,
): void {
  const { fields } = writes.inputs.create;
  for (const option of ["values", "defaults"] as const) {
    const wrong = Object.keys(manner[option]).find(
      (name) => !Object.hasOwn(fields, name) && !(option === "values" && name === anyField),
    );
    if (wrong !== undefined) {
      const known = Object.keys(fields).filter((name) => fields[name]?.ignored === false);
      throw badInput([option, wrong], `is no field; there are ${known.join(", ")}.`);
    }
  }
  const keys = importKeys(writes);
  const known = [...Object.keys(keys), ...(mode === "update" ? ["id"] : [])];
  const names = known.join(", ");
  if (mode === "create" && key !== null) {
    throw badInput(["key"], "is for upsert and update; a new record is not looked for.");
  }
  if (mode !== "create" && key === null) {
    throw badInput(["key"], `is needed to find records: ${names}.`);
  }
  if (mode === "upsert" && known.length === 0) {
    const { plural } = writes.entity;
    throw badInput(["key"], `finds no ${plural}: create them, or update them by their id.`);
  }
  if (key === "id" && mode === "upsert") {
    throw badInput(
      ["key"],
      `cannot be id with upsert, since new records get ids of their own: say update, or ${names}.`,
    );
  }
  if (key !== null && !known.includes(key)) {
    throw badInput(["key"], `must be one of ${names}.`);
  }
  const strange = createMissing.find((name) => name !== "account" && name !== "contact");
  if (strange !== undefined) throw badInput(["create_missing"], "must be account or contact.");
}
