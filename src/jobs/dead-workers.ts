import type pg from "pg";

/** The kind of lock by which a process that runs jobs is known to be alive; any number that no other part uses. */
const aliveLock = 4_715_017;

/** Holds the lock of a worker on a connection that lasts as long as the worker. */
export async function markAlive(client: pg.PoolClient, workerId: string): Promise<void> {
  await client.query("SELECT pg_advisory_lock($1, hashtext($2))", [aliveLock, workerId]);
}

/** Gives it back with the connection. */
export async function unmarkAlive(client: pg.PoolClient): Promise<void> {
  await client.query("SELECT pg_advisory_unlock_all()");
}

/** Whoever can take the lock of a worker has found that nobody holds it. */
const findDead = `
  SELECT DISTINCT l.locked_by AS id FROM (
    SELECT locked_by FROM graphile_worker._private_jobs WHERE locked_by IS NOT NULL
    UNION SELECT locked_by FROM graphile_worker._private_job_queues WHERE locked_by IS NOT NULL) l
  WHERE l.locked_by <> ALL ($2::text[]) AND pg_try_advisory_xact_lock($1, hashtext(l.locked_by))`;

/**
 * Gives back the jobs of processes that were killed. The engine itself would do so after four hours. A worker counts as
 * dead if it holds no lock at two looks: one that has lost its connection takes the lock again when it has another.
 */
export class DeadWorkers {
  readonly #pool: pg.Pool;
  readonly #own = new Set<string>();
  #suspects: ReadonlySet<string> = new Set();

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** Never takes this worker, of this process, for dead. */
  except(workerId: string): void {
    this.#own.add(workerId);
  }

  async unlock(): Promise<void> {
    const { rows } = await this.#pool.query<{ id: string }>(findDead, [aliveLock, [...this.#own]]);
    const ids = rows.map(({ id }) => id);
    const dead = ids.filter((id) => this.#suspects.has(id));
    this.#suspects = new Set(ids);
    if (dead.length === 0) return;
    await this.#pool.query("SELECT graphile_worker.force_unlock_workers($1)", [dead]);
  }
}
