import { at, listAt, type TestGateway } from "../gateway/gateway.ts";
import { rowsOf } from "../writes/writes.ts";

/** An event as a follower of the feed gets it. */
type FedEvent = {
  readonly position: number;
  readonly type: string;
  readonly recordId: string;
  readonly version: number;
  readonly endsTransaction: boolean;
  readonly changes: readonly { readonly field: string; readonly value: unknown }[];
};

/** One look at the feed: the last position that was committed when it began, and how far it came. */
type Poll = { readonly committed: number; readonly reached: number };

const query = `query ($first: Int, $after: String) { changes(first: $first, after: $after) {
  nodes { position recordType recordId version endsTransaction changes { field new } } pageInfo { endCursor hasNextPage } } }`;

/** Follows a tenant's feed as a client does: with pages of changing size, from where the last one ended. */
export class FeedReader {
  readonly events: FedEvent[] = [];
  readonly polls: Poll[] = [];
  readonly #gateway: TestGateway;
  readonly #key: string;
  readonly #tenantId: string;
  #stopped = false;

  constructor(gateway: TestGateway, key: string, tenantId: string) {
    this.#gateway = gateway;
    this.#key = key;
    this.#tenantId = tenantId;
  }

  /** Reads until it is stopped, and then once more. */
  async follow(): Promise<void> {
    let cursor: string | null = null;
    for (let isLast = false; ;) {
      isLast = this.#stopped;
      const [row] = await rowsOf(
        this.#gateway,
        "SELECT coalesce(max(position), 0)::integer AS last FROM change_events WHERE tenant_id = $1",
        this.#tenantId,
      );
      for (let hasMore = true; hasMore;) {
        const first = 1 + ((this.events.length * 7) % 100);
        const data = await this.#gateway.data(this.#key, query, { first, after: cursor });
        this.events.push(...listAt(data, "changes", "nodes").map(readEvent));
        const end = at(data, "changes", "pageInfo", "endCursor");
        if (typeof end === "string") cursor = end;
        hasMore = at(data, "changes", "pageInfo", "hasNextPage") === true;
      }
      const reached = this.events.at(-1)?.position ?? 0;
      this.polls.push({ committed: Number(row?.["last"]), reached });
      if (isLast) return;
    }
  }

  stop(): void {
    this.#stopped = true;
  }
}

function readEvent(node: unknown): FedEvent {
  return {
    position: Number(at(node, "position")),
    type: String(at(node, "recordType")),
    recordId: String(at(node, "recordId")),
    version: Number(at(node, "version")),
    endsTransaction: at(node, "endsTransaction") === true,
    changes: listAt(node, "changes").map((change) => ({
      field: String(at(change, "field")),
      value: at(change, "new"),
    })),
  };
}
