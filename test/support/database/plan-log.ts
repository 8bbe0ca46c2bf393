import type pg from "pg";
import type { FencedPool } from "../../../src/db/fenced-pool.ts";
import { hearNotices, type NoticeLog } from "./notices.ts";
import { readPlan, type Explained } from "./plan.ts";

/** A statement that ran, also one that PostgreSQL sent itself (a foreign key's check), and how it was carried out. */
export type Logged = Explained & { readonly text: string };

/** Makes PostgreSQL tell the plan of every statement that runs on connections made from now on. */
export async function tellPlans(client: pg.Client): Promise<void> {
  const settings = {
    session_preload_libraries: "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_buffers": "on",
    "auto_explain.log_timing": "off",
    "auto_explain.log_nested_statements": "on",
    "auto_explain.log_format": "json",
    "auto_explain.log_level": "notice",
  };
  const { rows } = await client.query<{ name: string }>("SELECT current_database() AS name");
  for (const [name, value] of Object.entries(settings)) {
    await client.query(`ALTER DATABASE ${rows[0]?.name} SET ${name} = '${value}'`);
  }
}

/** The plans that were told since they were last taken. */
export type PlanLog = NoticeLog<Logged>;

/** Hears the plans of all that a pool runs from now on, on new connections. */
export const hearPlans = (pool: FencedPool): Promise<PlanLog> =>
  hearNotices(pool, ({ message = "" }) => {
    const [, json] = /^duration: .*? plan:\n(.*)$/s.exec(message) ?? [];
    if (json === undefined) return null;
    const told: unknown = JSON.parse(json);
    const text = typeof told === "object" && told !== null ? Reflect.get(told, "Query Text") : "";
    return { ...readPlan(told), text: String(text) };
  });
