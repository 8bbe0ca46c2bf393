import { raw, sql, type Sql } from "../lib/sql.ts";
import type { Picklist } from "../model/picklist.ts";
import type { ViewerSql } from "./visible.ts";

/**
 * The values of a list as the viewer's tenant has it, as JSON: PostgreSQL looks them up once in a statement, whose text is
 * the same for all tenants.
 */
export function picklistSql({ name, values }: Picklist, { tenant }: ViewerSql): Sql {
  const usual = JSON.stringify(values).replaceAll("'", "''");
  return sql`coalesce((SELECT p."values" FROM "picklists" p WHERE p."tenant_id" = ${tenant} AND p."list" = ${raw(`'${name}'`)}), ${raw(`'${usual}'::jsonb`)})`;
}
