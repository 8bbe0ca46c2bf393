import pg from "pg";
import { v7 as uuidv7 } from "uuid";
import { printingOptions } from "../../../src/db/session.ts";
import { formatId } from "../../../src/lib/id.ts";
import { snakeCase } from "../../../src/lib/text.ts";
import type { Entity } from "../../../src/model/entity.ts";
import { computedValues } from "../../../src/write/stored.ts";
import { catalog } from "../../../src/modules/catalog.ts";

/** Values by field name, as the models name them. */
export type Values = Readonly<Record<string, unknown>>;

/** A row that a fixture made: its public id for queries, its UUID for SQL. */
export type Made = { readonly id: string; readonly uuid: string };

/**
 * Makes rows the way the domain reads: tenant, then account, then deal, and so on. Rows are written by the
 * database's owner, as a restore or a seed would, because these tests are about reading.
 */
export class Fixtures {
  readonly client: pg.Client;
  #count = 0;

  private constructor(client: pg.Client) {
    this.client = client;
  }

  static async open(url: string): Promise<Fixtures> {
    const client = new pg.Client({ connectionString: url, options: printingOptions.join(" ") });
    await client.connect();
    return new Fixtures(client);
  }

  async close(): Promise<void> {
    await this.client.end();
  }

  /** A tenant and a maker for what belongs to it. */
  async tenant(slug: string, values: Values = {}): Promise<TenantFixtures> {
    const uuid = uuidv7();
    await this.insert("tenants", { id: uuid, slug, name: slug, ...values });
    return new TenantFixtures(this, { uuid, id: formatId("ten", uuid) }, slug);
  }

  /** The next number of this run, for values that must be unique. */
  next(): number {
    return ++this.#count;
  }

  /** Inserts one row; keys are column names. */
  async insert(table: string, row: Values): Promise<void> {
    await this.insertMany(table, [row]);
  }

  /** Inserts rows that have the same columns. */
  async insertMany(table: string, given: readonly Values[]): Promise<void> {
    const keys = given.map((row) => keysOf(table, row));
    // Not what none has: tables of earlier migrations take no key.
    const used = Object.keys(keys[0] ?? {}).filter((key) => keys.some((one) => one[key] != null));
    const rows = given.map((row, index) => ({
      ...Object.fromEntries(used.map((key) => [key, keys[index]?.[key]])),
      ...row,
    }));
    const columns = Object.keys(rows[0] ?? {});
    for (let start = 0; start < rows.length; start += 500) {
      const parameters: unknown[] = [];
      const tuples = rows.slice(start, start + 500).map((row) => {
        const places = columns.map((column) => `$${parameters.push(row[column])}`);
        return `(${places.join(", ")})`;
      });
      const names = columns.map((column) => `"${column}"`).join(", ");
      await this.client.query(
        `INSERT INTO ${table} (${names}) VALUES ${tuples.join(", ")}`,
        parameters,
      );
    }
  }
}

/** Makes the rows of one tenant. */
export class TenantFixtures implements Made {
  readonly id: string;
  readonly uuid: string;
  readonly slug: string;
  readonly #fixtures: Fixtures;

  constructor(fixtures: Fixtures, tenant: Made, slug: string) {
    this.#fixtures = fixtures;
    this.id = tenant.id;
    this.uuid = tenant.uuid;
    this.slug = slug;
  }

  account(values: Values = {}): Promise<Made> {
    return this.make("account", { name: `Account ${this.#fixtures.next()}`, ...values });
  }

  contact(account: Made | null, values: Values = {}): Promise<Made> {
    return this.make("contact", {
      accountId: account?.uuid ?? null,
      lastName: `Doe ${this.#fixtures.next()}`,
      ...values,
    });
  }

  deal(account: Made, values: Values = {}): Promise<Made> {
    return this.make("deal", {
      accountId: account.uuid,
      dealNumber: `DEAL-2026-${this.#fixtures.next()}`,
      currency: "USD",
      ...values,
    });
  }

  activity(account: Made, values: Values = {}): Promise<Made> {
    return this.make("activity", { accountId: account.uuid, type: "call", ...values });
  }

  quote(account: Made, deal: Made | null, values: Values = {}): Promise<Made> {
    return this.make("quote", {
      accountId: account.uuid,
      dealId: deal?.uuid ?? null,
      quoteNumber: `Q-2026-${this.#fixtures.next()}`,
      currency: "USD",
      ...values,
    });
  }

  lineItem(quote: Made, values: Values = {}): Promise<Made> {
    return this.make("lineItem", { quoteId: quote.uuid, currency: "USD", ...values });
  }

  department(name: string): Promise<Made> {
    return this.make("department", { name });
  }

  /** Makes an account a subsidiary of another. */
  async setParent(uuid: string, parent: string): Promise<void> {
    const text = "UPDATE accounts SET parent_account_id = $3 WHERE tenant_id = $1 AND id = $2";
    await this.#fixtures.client.query(text, [this.uuid, uuid, parent]);
  }

  /** Ties a contact to a deal. */
  async stakeholder(deal: Made, contact: Made): Promise<void> {
    await this.#fixtures.insert("deal_contacts", {
      tenant_id: this.uuid,
      deal_id: deal.uuid,
      contact_id: contact.uuid,
    });
  }

  /** Ties a contact to an activity. */
  async participant(activity: Made, contact: Made): Promise<void> {
    await this.#fixtures.insert("activity_contacts", {
      tenant_id: this.uuid,
      activity_id: activity.uuid,
      contact_id: contact.uuid,
    });
  }

  /** One record of any entity. */
  async make(name: string, values: Values): Promise<Made> {
    const [made] = await this.makeMany(name, [values]);
    if (made === undefined) throw new Error("nothing was made");
    return made;
  }

  /** Many records of one entity that set the same fields, in a few statements. */
  async makeMany(name: string, rows: readonly Values[]): Promise<Made[]> {
    const entity = catalog.entity(name);
    const made = rows.map(() => uuidv7());
    const columns = rows.map((values, index) => ({
      tenant_id: this.uuid,
      id: made[index],
      ...Object.fromEntries(
        Object.entries(values).map(([field, value]) => [columnFor(entity, field), stored(value)]),
      ),
    }));
    await this.#fixtures.insertMany(entity.table, columns);
    return made.map((uuid) => ({ uuid, id: formatId(entity.prefix, uuid) }));
  }
}

/** What the gateway writes beside a row's values, by column. */
function keysOf(table: string, row: Values): Values {
  const entity = catalog.entities.find((one) => one.table === table);
  if (entity === undefined) return {};
  const fields = Object.entries(entity.fields);
  const values = fields.map(([name, field]) => [name, row[field.column]] as const);
  const computed = Object.entries(computedValues(entity, Object.fromEntries(values)));
  return Object.fromEntries(computed.map(([name, value]) => [columnFor(entity, name), value]));
}

function columnFor(entity: Entity, field: string): string {
  const definition = entity.fields[field] ?? entity.internal[field];
  return definition === undefined ? snakeCase(field) : definition.column;
}

/** pg would send a plain object as JSON, but an array as a PostgreSQL array: lists of texts are meant so. */
function stored(value: unknown): unknown {
  const isList = Array.isArray(value);
  return isList && value.some((item) => typeof item === "object") ? JSON.stringify(value) : value;
}
