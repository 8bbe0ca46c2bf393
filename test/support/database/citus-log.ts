import type pg from "pg";
import type { FencedPool } from "../../../src/db/fenced-pool.ts";
import { hearNotices, type NoticeLog } from "./notices.ts";

/** A statement that the coordinator sent on to a node. */
type SentOn = { readonly text: string; readonly node: string };

/** What the coordinator sent on since it was last asked, but for what begins and ends transactions. */
export type CitusLog = NoticeLog<SentOn>;

/** Hears what the coordinator sends on for a pool, on new connections. */
export async function hearCitus(owner: pg.Client, pool: FencedPool): Promise<CitusLog> {
  const { rows } = await owner.query<{ name: string }>("SELECT current_database() AS name");
  await owner.query(`ALTER DATABASE ${rows[0]?.name} SET citus.log_remote_commands = on`);
  return hearNotices(pool, ({ message = "", detail = "" }) => {
    const [, text] = /^issuing (.*)$/s.exec(message) ?? [];
    const [, node] = /@(\S+)/.exec(detail) ?? [];
    if (text === undefined || node === undefined) return null;
    if (/^(?:BEGIN|COMMIT|ROLLBACK|SET|RESET|PREPARE|SELECT assign_dist)/.test(text)) return null;
    return { text, node };
  });
}
