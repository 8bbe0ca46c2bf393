import { name, param, raw, render, sql } from "../lib/sql.ts";
import type { WriteContext } from "./context.ts";
import type { EntityWrites } from "./entity-writes.ts";
import type { ParsedInput } from "./input.ts";

const longestStep = 4_096;

/**
 * Draws numbers for people (`DEAL-2026-00417`), counted by tenant and year of the tenant's calendar. They are drawn
 * in a transaction of their own, so that writers do not wait for each other's commit: a call that fails leaves a gap.
 * It need not wait for the disk either, since what is committed after it carries it along.
 */
async function drawNumbers(
  { pool, actor }: Pick<WriteContext, "pool" | "actor">,
  { entity, numbered }: EntityWrites,
  count: number,
  given: ReadonlySet<unknown> = new Set(),
): Promise<string[]> {
  const definition = numbered === undefined ? undefined : entity.fields[numbered.field];
  if (numbered === undefined || definition === undefined) return [];
  const column = raw(name(definition.column));
  const free: string[] = [];
  // Past a stretch of numbers that were chosen by hand it goes in ever longer steps.
  for (let step = 1; free.length < count; step = Math.min(step * 2, longestStep)) {
    const wanted = param((count - free.length) * step, "integer");
    const tenant = param(actor.tenantId, "uuid");
    // Numbers that were set by hand are left out. Each is looked up separately, since a join would read them all.
    const { text, values } = render(
      sql`WITH drawn AS (
        INSERT INTO number_sequences AS s (tenant_id, kind, year, last_value)
        SELECT id, ${param(numbered.kind, "text")}, extract(year FROM now() AT TIME ZONE time_zone)::integer, ${wanted} FROM tenants
        WHERE id = ${tenant} AND set_config('synchronous_commit', 'off', true) = 'off'
        ON CONFLICT (tenant_id, kind, year) DO UPDATE SET last_value = s.last_value + ${wanted} RETURNING year, last_value
      ), numbers AS MATERIALIZED (
        SELECT ${param(numbered.prefix, "text")} || '-' || year || '-' || CASE WHEN n < 100000 THEN lpad(n::text, 5, '0') ELSE n::text END AS number, n
        FROM (SELECT year, last_value - ${wanted} + place AS n FROM drawn, generate_series(1, ${wanted}) place) AS counted
      )
      SELECT number FROM numbers
      WHERE (SELECT true FROM ${raw(name(entity.table))} t WHERE t.tenant_id = ${tenant} AND t.${column} = number AND t.deleted_at IS NULL LIMIT 1) IS NULL
      ORDER BY n`,
    );
    const rows = await pool.forTenant(actor.tenantId).rows(text, values);
    // Nor is one that is chosen by hand in this call.
    free.push(...rows.flatMap(([number]) => (number == null || given.has(number) ? [] : [number])));
  }
  return free.slice(0, count);
}

/**
 * Gives a number to every input that brings none. It is free: if somebody gives it by hand before it is written, the
 * unique index refuses it, and the transaction runs again with another.
 */
export async function withNumbers(
  context: WriteContext,
  writes: EntityWrites,
  inputs: readonly ParsedInput[],
): Promise<readonly ParsedInput[]> {
  const { numbered } = writes;
  if (numbered === undefined) return inputs;
  const { field } = numbered;
  const unnumbered = inputs.filter(({ values }) => values[field] == null);
  if (unnumbered.length === 0) return inputs;
  const given = new Set(inputs.map(({ values }) => values[field]));
  const numbers = await drawNumbers(context, writes, unnumbered.length, given);
  return inputs.map((input) =>
    input.values[field] == null
      ? { ...input, values: { ...input.values, [field]: numbers.shift() ?? null }, drawn: field }
      : input,
  );
}
