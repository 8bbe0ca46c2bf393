import type { Logger } from "pino";
import type { Database } from "./db/database.ts";
import { asOwnWork } from "./db/work.ts";
import type { RequestContext } from "./gate/request-context.ts";
import { sendJson } from "./http/send-json.ts";
import { GatewayError } from "./lib/errors.ts";
import { describeError } from "./telemetry/describe-error.ts";
import { Outage } from "./telemetry/outage.ts";

/** `/healthz`: the process answers. */
export function answerHealth({ response }: RequestContext): void {
  sendJson(response, 200, { status: "ok" });
}

type Readiness = { readonly status: 200 | 503; readonly body: object };

/** Anybody may ask: the database is asked once for all who come in this time. */
const maxAge = 1_000;

/** `/readyz`: the database answers and has every migration this version needs. */
export class ReadinessCheck {
  readonly #database: Database;
  readonly #needed: Promise<readonly string[]>;
  readonly #outage: Outage;
  #last: Promise<Readiness> | null = null;
  #askedAt = Number.NEGATIVE_INFINITY;
  #running = false;

  constructor(
    database: Database,
    needed: Promise<readonly string[]>,
    logger: Pick<Logger, "error" | "info">,
  ) {
    this.#database = database;
    this.#needed = needed;
    this.#outage = new Outage({
      begins: (details) => logger.error(details, "not ready"),
      ends: (details) => logger.info(details, "ready again"),
    });
  }

  /** Answers with the state of this second. */
  async answer({ response }: RequestContext): Promise<void> {
    const isFresh = this.#running || performance.now() - this.#askedAt < maxAge;
    if (this.#last === null || !isFresh) {
      this.#running = true;
      this.#askedAt = performance.now();
      this.#last = asOwnWork(() => this.#check()).finally(() => {
        this.#running = false;
      });
    }
    const { status, body } = await this.#last;
    sendJson(response, status, body);
  }

  async #check(): Promise<Readiness> {
    try {
      const { rows } = await this.#database.pool.query<{ migration_name: string }>(
        "SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL",
      );
      const applied = new Set(rows.map((row) => row.migration_name));
      const missing = (await this.#needed).filter((name) => !applied.has(name));
      if (missing.length > 0) {
        this.#outage.failed({ missing });
        return { status: 503, body: { status: "migrations missing", missing } };
      }
      this.#outage.worked();
      return { status: 200, body: { status: "ok" } };
    } catch (error) {
      // Too many want a connection: that is no reason to send them elsewhere.
      if (error instanceof GatewayError) return { status: 200, body: { status: "busy" } };
      this.#outage.failed({ cause: describeError(error) });
      return { status: 503, body: { status: "database unreachable" } };
    }
  }
}
