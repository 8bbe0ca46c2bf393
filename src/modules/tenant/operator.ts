import pg from "pg";
import { v7 as uuidv7 } from "uuid";
import type { Database } from "../../db/database.ts";
import { formatId } from "../../lib/id.ts";
import { wordsOf } from "../../lib/messages.ts";
import { StartupError } from "../../lib/startup-error.ts";
import { composed } from "../../lib/text.ts";
import { parseTimeZone } from "../../lib/time-zone.ts";
import { readCurrency } from "../../model/kinds/currency.ts";

/** A tenant as the operator sees it. */
type ListedTenant = {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly currency: string;
  readonly timeZone: string;
  readonly createdAt: Date;
};

const slugPattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const maxNameLength = 1_000;

/** Makes an empty tenant. Tenants are the operator's: no credential of one can make another. */
export async function createTenant(
  database: Database,
  options: { slug: string; name: string; currency: string; timeZone: string },
): Promise<ListedTenant> {
  const { slug } = options;
  const name = composed(options.name.trim());
  if (!slugPattern.test(slug)) {
    throw new StartupError(
      `"${slug}" cannot be a slug: use 1 to 63 lower-case letters, digits and hyphens, no hyphen at the ends.`,
    );
  }
  if (name === "" || name.length > maxNameLength) {
    throw new StartupError(`The name must have 1 to ${maxNameLength} characters.`);
  }
  const currency = readCurrency(options.currency);
  if ("complaint" in currency) {
    throw new StartupError(
      `--currency ${wordsOf(currency.complaint)}; "${options.currency}" is none.`,
    );
  }
  const timeZone = parseTimeZone(options.timeZone, ["--time-zone"]);
  const id = uuidv7();
  return database.asOwner(async (client) => {
    try {
      await client.query(
        "INSERT INTO tenants (id, slug, name, default_currency, time_zone) VALUES ($1, $2, $3, $4, $5)",
        [id, slug, name, currency.value, timeZone],
      );
    } catch (error) {
      if (!(error instanceof pg.DatabaseError && error.code === "23505")) throw error;
      throw new StartupError(`There is a tenant "${slug}" already: see \`tenants list\`.`);
    }
    const [made] = await select(client, "WHERE id = $1", [id]);
    if (made === undefined) throw new Error("the tenant is not there");
    return made;
  });
}

/** All tenants, oldest first. */
export function listTenants(database: Database): Promise<ListedTenant[]> {
  return database.asOwner((client) => select(client, "", []));
}

/** The tenant of that slug; who is not there is told which are. */
export async function tenantBySlug(database: Database, slug: string): Promise<ListedTenant> {
  return database.asOwner(async (client) => {
    const [found] = await select(client, "WHERE slug = $1", [slug]);
    if (found !== undefined) return found;
    const some = await client.query<{ slug: string }>(
      "SELECT slug FROM tenants ORDER BY slug LIMIT 20",
    );
    const known = some.rows.map((row) => row.slug).join(", ");
    throw new StartupError(
      `There is no tenant "${slug}". Known: ${known === "" ? "none yet; make one with `crm tenants create`" : known}.`,
    );
  });
}

async function select(
  client: pg.Client,
  condition: string,
  values: readonly unknown[],
): Promise<ListedTenant[]> {
  const { rows } = await client.query<ListedTenant>(
    `SELECT id, slug, name, default_currency AS currency, time_zone AS "timeZone", created_at AS "createdAt"
     FROM tenants ${condition} ORDER BY created_at, id`,
    [...values],
  );
  return rows.map((row) => ({ ...row, id: formatId("ten", row.id) }));
}
