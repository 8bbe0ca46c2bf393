import type { Actor } from "../../../src/auth/actor.ts";
import { LiveFeed, type LiveStream } from "../../../src/live/feed.ts";
import type { Listening, LiveEvent } from "../../../src/live/listening.ts";
import { endOfLog } from "../../../src/live/log.ts";
import { readMatching } from "../../../src/live/matching.ts";
import { catalog } from "../../../src/modules/catalog.ts";
import { startTenant } from "../gateway/one-tenant.ts";
import { RowWriter } from "../writes/row-writer.ts";
import { actorOf, listeningOf } from "./actor.ts";
import { moveDeal } from "./move-deal.ts";

type Started = Awaited<ReturnType<typeof startTenant>>;

/** A tenant of a gateway with an account, whose log is followed by a feed without a transport. */
export class TenantFeed {
  readonly started: Started;
  readonly feed: LiveFeed;
  readonly deals: RowWriter;
  readonly accounts: RowWriter;
  /** Of the account Acme. */
  readonly account_id: string;

  private constructor(started: Started, accounts: RowWriter, account_id: string) {
    const { gateway, key } = started;
    this.started = started;
    this.feed = new LiveFeed({ database: gateway.database, catalog });
    this.deals = new RowWriter(gateway, key, "deals");
    this.accounts = accounts;
    this.account_id = account_id;
  }

  static async start(): Promise<TenantFeed> {
    const started = await startTenant("ours");
    const accounts = new RowWriter(started.gateway, started.key, "accounts");
    return new TenantFeed(started, accounts, await accounts.made({ name: "Acme" }));
  }

  async close(): Promise<void> {
    await this.feed.close();
    await this.started.gateway.close();
  }

  actor(change: Partial<Actor> = {}): Actor {
    return actorOf(this.started.tenant.uuid, change);
  }

  /** Opens a stream at the end of the log. */
  async opened(listening: Partial<Listening>, who = this.actor()): Promise<LiveStream> {
    const stream = this.feed.open(listeningOf(who, listening), null);
    await stream.opened;
    return stream;
  }

  /** What a listener gets of a log that has ended, from a position on. */
  async all(listening: Listening, after: string): Promise<readonly LiveEvent[]> {
    const source = this.feed.sourceOf(listening.actor.tenantId);
    return (await readMatching(source, listening, { after, limit: 500 })).events;
  }

  async end(): Promise<string> {
    return String(await endOfLog(this.feed.sourceOf(this.started.tenant.uuid)));
  }

  /**
   * Moves a deal from one application to another and tells nobody: no verb does the one, and a gateway that is killed
   * behind its commit does the other.
   */
  moveSilently(id: string, from: string | null, to: string | null): Promise<string> {
    return moveDeal(this.started.gateway, id, { app_id: [from, to], name: ["Secret", "Told"] });
  }
}

/** Listening to deals. */
export const dealsWhere = (
  where: Listening["where"] = null,
  id: string | null = null,
): Partial<Listening> => ({
  record: { entity: catalog.entity("deal"), where, id },
});

/** What events say that they are, such as "updated entered". */
export const told = (events: readonly LiveEvent[] | undefined): string[] =>
  (events ?? []).map(({ event, transition }) => [event["operation"], transition].join(" "));
