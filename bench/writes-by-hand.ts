// The writes of bench/writes.ts as one would write them by hand for just these inputs: with pg, and with Prisma.
import type pg from "pg";
import { v7 as uuidv7 } from "uuid";
import type { Database } from "../src/db/database.ts";
import { asTenant } from "../src/db/fenced-pool.ts";

export type ContactInput = {
  readonly account_id: string;
  readonly first_name: string;
  readonly last_name: string;
  readonly email: string;
  readonly job_title: string;
};

/** The log is in the order of the commits here too. */
const lockLog = "SELECT pg_advisory_xact_lock(4715003, hashtext($1))";
const insertEvent = `INSERT INTO change_events (tenant_id, id, entity_type, entity_id, operation, version, actor, occurred_at, changes, position)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, (SELECT coalesce(max(position), 0) + 1 FROM change_events WHERE tenant_id = $1))`;

/** The same rows by the statements that each mutation needs, one awaited after the other. */
export class ByHand {
  readonly #database: Database;
  readonly #tenantId: string;
  readonly #actor = "bench";

  constructor(database: Database, tenantId: string) {
    this.#database = database;
    this.#tenantId = tenantId;
  }

  createContact(input: ContactInput): Promise<void> {
    return this.#transaction(async (client, now) => {
      await this.#one(
        client,
        "SELECT id FROM accounts WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL FOR KEY SHARE",
        [this.#tenantId, input.account_id],
      );
      const id = uuidv7();
      const { account_id, first_name, last_name, email, job_title } = input;
      const values = [account_id, first_name, last_name, email, job_title];
      await client.query(
        `INSERT INTO contacts (tenant_id, id, created_at, created_by, account_id, first_name, last_name, email, email_key, job_title, updated_at, updated_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, lower($8), $9, $3, $4)`,
        [this.#tenantId, id, now, this.#actor, ...values],
      );
      const changes = Object.entries(input).map(([name, value]) => [name, [null, value]]);
      await this.#event(client, now, "Contact", id, "created", 1, Object.fromEntries(changes));
    });
  }

  updateDeal({ id, input }: { id: string; input: { stage: string } }): Promise<void> {
    const { stage } = input;
    return this.#transaction(async (client, now) => {
      const deal = await this.#one(
        client,
        "SELECT stage, version FROM deals WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE",
        [this.#tenantId, id],
      );
      const version = Number(deal["version"]) + 1;
      await client.query(
        "UPDATE deals SET stage = $3, version = $4, updated_at = $5, updated_by = $6 WHERE tenant_id = $1 AND id = $2",
        [this.#tenantId, id, stage, version, now, this.#actor],
      );
      await client.query(
        `INSERT INTO deal_stage_changes (tenant_id, id, deal_id, from_stage, to_stage, changed_at, changed_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        [this.#tenantId, uuidv7(), id, deal["stage"], stage, now, this.#actor],
      );
      const changes = { stage: [deal["stage"], stage] };
      await this.#event(client, now, "Deal", id, "updated", version, changes);
    });
  }

  createLineItem(input: { quote_id: string; unit_price: string }): Promise<void> {
    const { quote_id: quoteId, unit_price: unitPrice } = input;
    return this.#transaction(async (client, now) => {
      const quote = await this.#one(
        client,
        "SELECT currency, total, version FROM quotes WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE",
        [this.#tenantId, quoteId],
      );
      const id = uuidv7();
      await client.query(
        `INSERT INTO line_items (tenant_id, id, quote_id, unit_price, total, currency, position, created_at, created_by, updated_at, updated_by)
         SELECT $1, $2, $3::uuid, $4::numeric, $4::numeric, $5, coalesce(max(position) + 1, 0), $6::timestamptz, $7, $6::timestamptz, $7
         FROM line_items WHERE tenant_id = $1 AND quote_id = $3::uuid AND deleted_at IS NULL`,
        [this.#tenantId, id, quoteId, unitPrice, quote["currency"], now, this.#actor],
      );
      const { total } = await this.#one(
        client,
        `UPDATE quotes SET version = version + 1, updated_at = $3, updated_by = $4, total =
           (SELECT sum(total) FROM line_items WHERE tenant_id = $1 AND quote_id = $2 AND deleted_at IS NULL)
         WHERE tenant_id = $1 AND id = $2 RETURNING total`,
        [this.#tenantId, quoteId, now, this.#actor],
      );
      const line = { quote_id: [null, quoteId], unit_price: [null, unitPrice] };
      await this.#event(client, now, "LineItem", id, "created", 1, line);
      const change = { total: [quote["total"], total] };
      const version = Number(quote["version"]) + 1;
      await this.#event(client, now, "Quote", quoteId, "updated", version, change);
    });
  }

  /** The contact by Prisma, in an interactive transaction. */
  createContactByPrisma(input: ContactInput): Promise<void> {
    const { account_id: accountId, first_name: firstName, last_name: lastName, email } = input;
    const [tenantId, id, now] = [this.#tenantId, uuidv7(), new Date()];
    const stamps = {
      createdAt: now,
      createdBy: this.#actor,
      updatedAt: now,
      updatedBy: this.#actor,
    };
    return this.#database.prismaFor(tenantId).$transaction(async (prisma) => {
      const where = { tenantId, id: accountId, deletedAt: null };
      await prisma.account.findFirstOrThrow({ where, select: { id: true } });
      const person = { firstName, lastName, jobTitle: input.job_title };
      const values = { accountId, ...person, email, emailKey: email.toLowerCase() };
      const data = { tenantId, id, ...values, ...stamps };
      await prisma.contact.create({ data, select: { id: true } });
      const changes = Object.fromEntries(
        Object.entries(input).map(([name, value]) => [name, [null, value]]),
      );
      const record = { recordType: "Contact", recordId: id, version: 1, changes };
      await prisma.$executeRaw`SELECT pg_advisory_xact_lock(4715003, hashtext(${tenantId}))`;
      const last = { where: { tenantId }, orderBy: { position: "desc" } } as const;
      const latest = await prisma.changeEvent.findFirst({ ...last, select: { position: true } });
      const position = (latest?.position ?? 0n) + 1n;
      const event = { actor: this.#actor, occurredAt: now, position, ...record };
      await prisma.changeEvent.create({
        data: { tenantId, id: uuidv7(), ...event, operation: "created" },
        select: { id: true },
      });
    });
  }

  async #transaction(work: (client: pg.PoolClient, now: string) => Promise<void>): Promise<void> {
    const client = await asTenant(this.#tenantId, () => this.#database.pool.connect());
    try {
      await client.query("BEGIN");
      await work(client, new Date().toISOString());
      await client.query("COMMIT");
      client.release();
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  async #one(client: pg.PoolClient, text: string, values: unknown[]): Promise<pg.QueryResultRow> {
    const { rows } = await client.query<pg.QueryResultRow>(text, values);
    const [row] = rows;
    if (row === undefined) throw new Error("nothing found");
    return row;
  }

  async #event(
    client: pg.PoolClient,
    now: string,
    ...[entity, id, operation, version, changes]: [string, string, string, number, object]
  ): Promise<void> {
    const event = [entity, id, operation, version, this.#actor, now, JSON.stringify(changes)];
    await client.query(lockLog, [this.#tenantId]);
    await client.query(insertEvent, [this.#tenantId, uuidv7(), ...event]);
  }
}
