import type pg from "pg";
import type { FencedPool } from "../../../src/db/fenced-pool.ts";

/** A statement that the coordinator sent on to a node. */
type SentOn = { readonly text: string; readonly node: string };

/** What the coordinator sent on since it was last asked, but for what begins and ends transactions. */
export type CitusLog = { take(): SentOn[] };

/** Hears what the coordinator sends on for a pool, on new connections. */
export async function hearCitus(owner: pg.Client, pool: FencedPool): Promise<CitusLog> {
  const { rows } = await owner.query<{ name: string }>("SELECT current_database() AS name");
  await owner.query(`ALTER DATABASE ${rows[0]?.name} SET citus.log_remote_commands = on`);
  let heard: SentOn[] = [];
  const hear = ({ message = "", detail = "" }): void => {
    const [, text] = /^issuing (.*)$/s.exec(message) ?? [];
    const [, node] = /@(\S+)/.exec(detail) ?? [];
    if (text === undefined || node === undefined) return;
    if (/^(?:BEGIN|COMMIT|ROLLBACK|SET|RESET|PREPARE|SELECT assign_dist)/.test(text)) return;
    heard.push({ text, node });
  };
  pool.on("connect", (client: pg.PoolClient) => client.on("notice", hear));
  // Those from before were made without what tells.
  const open = await Promise.all(Array.from({ length: pool.options.max }, () => pool.connect()));
  for (const client of open) client.release(true);
  return {
    take: () => {
      const taken = heard;
      heard = [];
      return taken;
    },
  };
}
