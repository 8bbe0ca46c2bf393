import type pg from "pg";
import type { FencedPool } from "../../../src/db/fenced-pool.ts";

/** What PostgreSQL's notices told since it was last taken. */
export type NoticeLog<Told> = { take(): Told[] };

/** Hears the notices of all of a pool's connections, and keeps what is read from them. */
export async function hearNotices<Told>(
  pool: FencedPool,
  read: (notice: { readonly message?: string; readonly detail?: string }) => Told | null,
): Promise<NoticeLog<Told>> {
  let heard: Told[] = [];
  const hear = (notice: { readonly message?: string; readonly detail?: string }): void => {
    const told = read(notice);
    if (told !== null) heard.push(told);
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
