import { z } from "zod";
import { isOneOf, param, raw, sql, type Sql } from "../lib/sql.ts";
import type { Entity } from "../model/entity.ts";
import {
  isStageKind,
  listedFields,
  type PicklistValue,
  type TenantPicklist,
} from "../model/picklist.ts";
import type { Cells } from "../query/row.ts";

/** The tenant's own settings, and its day today. */
export type TenantSettings = { readonly currency: string; readonly today: string };

/** The lists of an entity's fields as the tenant has them, by field. */
export type TenantPicklists = ReadonlyMap<string, TenantPicklist>;

const valueSchema = z.object({
  value: z.string(),
  label: z.string(),
  kind: z.custom<PicklistValue["kind"]>((kind) => kind === null || isStageKind(kind)),
});

/** The values of a row of `picklists`; null for those of the model. */
export const valuesSchema = z.array(valueSchema).nullable();

const listsSchema = z
  .record(z.string(), z.object({ values: valuesSchema, isStrict: z.boolean() }))
  .nullable();

/** What the writes of one transaction go by that is the tenant's. Each fact is read once, when it is first needed. */
export class TenantFacts {
  readonly #tenantId: string;
  readonly #rows: (statement: Sql) => Promise<Cells[]>;
  readonly #lists = new Map<Entity, Promise<TenantPicklists>>();
  #settings: Promise<TenantSettings> | null = null;

  constructor(tenantId: string, rows: (statement: Sql) => Promise<Cells[]>) {
    this.#tenantId = tenantId;
    this.#rows = rows;
  }

  settings(): Promise<TenantSettings> {
    this.#settings ??= this.#read(raw("NULL")).then(settingsOf);
    return this.#settings;
  }

  /** One statement sees all lists of the entity at one moment, and the settings along with them. */
  picklists(entity: Entity): Promise<TenantPicklists> {
    let lists = this.#lists.get(entity);
    if (lists === undefined) {
      const fields = listedFields(entity);
      const names = fields.map(({ list }) => list.name);
      const named = isOneOf(raw(`p."list"`), names, "text");
      const found = this.#read(
        sql`(SELECT jsonb_object_agg(p."list", jsonb_build_object('values', p."values", 'isStrict', p."is_strict")) FROM "picklists" p WHERE p."tenant_id" = ${this.#tenant} AND ${named})`,
      );
      this.#settings ??= heard(found.then(settingsOf));
      lists = heard(
        found.then(([row]) => {
          const own = listsSchema.parse(JSON.parse(row?.[2] ?? "null")) ?? {};
          return new Map(
            fields.map(({ field, list }) => {
              const { values = null, isStrict = false } = own[list.name] ?? {};
              return [field, { values: values ?? list.values, isStrict }];
            }),
          );
        }),
      );
      this.#lists.set(entity, lists);
    }
    return lists;
  }

  get #tenant(): Sql {
    return param(this.#tenantId, "uuid");
  }

  #read(more: Sql): Promise<Cells[]> {
    return this.#rows(
      sql`SELECT default_currency, (now() AT TIME ZONE time_zone)::date, ${more} FROM tenants WHERE id = ${this.#tenant}`,
    );
  }
}

const settingsOf = ([row]: Cells[]): TenantSettings => ({
  currency: row?.[0] ?? "",
  today: row?.[1] ?? "",
});

/** An answer that is asked for ahead, and perhaps never waited for: its failure is that of the transaction. */
function heard<Value>(answer: Promise<Value>): Promise<Value> {
  answer.catch(() => undefined);
  return answer;
}
