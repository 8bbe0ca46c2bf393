import {
  chmod,
  chown,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  rm,
  stat,
  writeFile,
  appendFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startEmbedded } from "../../../src/db/embedded.ts";
import type { ThrowawayDatabase } from "../../../tools/throwaway.ts";

/** A streaming replica of a throw-away PostgreSQL. */
export type Replica = {
  readonly url: string;
  stop(): Promise<void>;
};

/** Files of the running server that are not part of its data, or come and go while they are copied. */
const ownFiles =
  /\/(?:postmaster\.(?:pid|opts)|pg_wal\/.+|pg_replslot\/.+|pgsql_tmp.*|pg_internal\.init.*)$/;

/** Starts a replica of a running server. It replays commits after `delay`, e.g. "2s". */
export async function startReplica(primary: ThrowawayDatabase, delay: string): Promise<Replica> {
  const dataDir = await mkdtemp(join(tmpdir(), "crm-replica-"));
  // Root's PostgreSQL runs as another user, who must get to the cluster's own closed folder.
  await chmod(dataDir, 0o755);
  const directory = join(dataDir, "postgres");
  await copy(primary, directory);
  const { port, username, password } = new URL(primary.url);
  const settings = [
    `primary_conninfo = 'host=127.0.0.1 port=${port} user=${username} password=${password}'`,
    `recovery_min_apply_delay = '${delay}'`,
  ];
  await appendFile(join(directory, "postgresql.auto.conf"), `${settings.join("\n")}\n`);
  await writeFile(join(directory, "standby.signal"), "");
  const { uid, gid } = await stat(primary.directory);
  await giveTo(directory, uid, gid);
  const database = await startEmbedded({ dataDir, flags: ["-c", "fsync=off"] });
  return {
    url: database.url,
    stop: async () => {
      await database.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL's own steps of a backup while the server runs. */
async function copy({ url, directory: from }: ThrowawayDatabase, to: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("SELECT pg_backup_start('replica', true)");
    const filter = (path: string) => !ownFiles.test(path);
    await cp(from, to, { recursive: true, filter });
    await mkdir(join(to, "pg_wal"), { recursive: true });
    const { rows } = await client.query<{ labelfile: string }>(
      "SELECT labelfile FROM pg_backup_stop()",
    );
    await writeFile(join(to, "backup_label"), rows[0]?.labelfile ?? "");
    await chmod(to, 0o700);
  } finally {
    await client.end();
  }
}

async function giveTo(path: string, uid: number, gid: number): Promise<void> {
  await chown(path, uid, gid);
  for (const entry of await readdir(path, { recursive: true }))
    await chown(join(path, entry), uid, gid);
}
