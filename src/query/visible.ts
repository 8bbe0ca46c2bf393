import type { Entity } from "../model/entity.ts";
import { all, name, param, raw, sql, type Sql } from "../lib/sql.ts";

/** Who reads: one tenant's rows, and only one application's when the credential was issued for it. */
export type Viewer = { readonly tenantId: string; readonly appId: string | null };

/** The viewer as parameters of one statement. */
export type ViewerSql = { readonly tenant: Sql; readonly app: Sql | null };

export function viewerSql({ tenantId, appId }: Viewer): ViewerSql {
  return { tenant: param(tenantId, "uuid"), app: appId === null ? null : param(appId, "text") };
}

/**
 * The rows of an entity that the viewer may see, everywhere and always: in lists, by id, behind filters, in counts.
 * The fence in the database says the same of the tenant; the statement says it for the planner, and for the day
 * the fence is off.
 */
export function visible(
  entity: Entity,
  alias: string,
  viewer: ViewerSql,
  includeDeleted: boolean,
): Sql {
  const conditions = [sql`${raw(`${alias}.${name(entity.tenantColumn)}`)} = ${viewer.tenant}`];
  if (viewer.app !== null && entity.fields["appId"] !== undefined) {
    conditions.push(sql`${raw(`${alias}."app_id"`)} = ${viewer.app}`);
  }
  const { partOf } = entity;
  if (viewer.app !== null && partOf !== null) {
    const key = sql`o."id" = ${raw(`${alias}.${name(partOf.key)}`)}`;
    conditions.push(
      sql`EXISTS (SELECT 1 FROM ${raw(name(partOf.table))} o WHERE o."tenant_id" = ${viewer.tenant} AND ${key} AND o."app_id" = ${viewer.app})`,
    );
  }
  if (entity.softDelete && !includeDeleted) conditions.push(raw(`${alias}."deleted_at" IS NULL`));
  return all(conditions);
}
