import { isRecord } from "../lib/json.ts";
import { raw, sql, type Sql } from "../lib/sql.ts";
import type { Row } from "../query/row.ts";

/**
 * An event as it is sent to an application. If the record was another's before it, the old values are left out: they
 * are told only to those who could see them then.
 */
export function withoutUnseen(event: Row, appId: string | null): Row {
  const { operation, changes } = event;
  if (appId === null || operation === "created" || !isRecord(changes)) return event;
  const moved = changes["app_id"];
  if (!Array.isArray(moved) || moved[0] === appId) return event;
  const entries = Object.entries(changes).map(([field, pair]) => [
    field,
    [null, Array.isArray(pair) ? pair[1] : null],
  ]);
  return { ...event, changes: Object.fromEntries(entries) };
}

/** The changes of such an event in SQL. */
export function seenChangesSql(event: { changes: Sql; operation: Sql }, app: Sql): Sql {
  const { changes, operation } = event;
  const isMoved = sql`${operation} <> 'created' AND ${changes} ? 'app_id' AND ${changes} -> 'app_id' ->> 0 IS DISTINCT FROM ${app}`;
  const left = raw("jsonb_object_agg(m.field, jsonb_build_array(NULL, m.pair -> 1))");
  return sql`CASE WHEN ${isMoved} THEN (SELECT ${left} FROM jsonb_each(${changes}) AS m(field, pair)) ELSE ${changes} END`;
}
