import type pg from "pg";

/** A step of the distribution: what it is for, and its SQL. One on the nodes runs once the others are committed. */
export type Step = {
  readonly purpose: string;
  readonly sql: string;
  readonly isOnNodes?: true;
  /** Whether it changes the coordinator's server, which it does in no transaction, behind all others. */
  readonly isOfServer?: true;
};

/** The values of the column `name`. */
export async function names(client: pg.Client, sql: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(sql);
  return rows.map(({ name }) => name);
}
