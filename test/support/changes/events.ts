import type { TestGateway } from "../gateway/gateway.ts";
import { uuidOf } from "../samples/one-of-each.ts";

/** One entry of the change log, as it is stored. */
type StoredEvent = {
  readonly entity_type: string;
  readonly operation: string;
  readonly version: number;
  readonly actor: string;
  readonly occurred_at: Date;
  readonly changes: Readonly<Record<string, readonly [unknown, unknown]>>;
};

/** What the change log says of a record, oldest first. */
export async function eventsOf({ fixtures }: TestGateway, id: string): Promise<StoredEvent[]> {
  const { rows } = await fixtures.client.query<StoredEvent>(
    `SELECT entity_type, operation, version, actor, occurred_at, changes FROM change_events
     WHERE entity_id = $1 ORDER BY position`,
    [uuidOf(id)],
  );
  return rows;
}

/** How many entries the change log has. */
export async function countEvents({ fixtures }: TestGateway): Promise<number> {
  const { rows } = await fixtures.client.query<{ count: number }>(
    "SELECT count(*)::integer AS count FROM change_events",
  );
  return rows[0]?.count ?? 0;
}
