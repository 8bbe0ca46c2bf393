import type { IncomingHttpHeaders } from "node:http";
import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import type { AuthConfig } from "../config/auth.ts";
import type { FencedPool } from "../db/fenced-pool.ts";
import { GatewayError } from "../lib/errors.ts";
import { headerOf } from "../lib/headers.ts";
import { describeError } from "../telemetry/describe-error.ts";
import type { Actor } from "./actor.ts";
import { ApiKeys } from "./api-keys.ts";
import type { Authentication } from "./authentication.ts";
import { Places } from "./places.ts";
import { Tokens } from "./tokens.ts";

/** How long a cause is not logged again: all who come meanwhile fail by it. */
const quietMilliseconds = 60_000;

type CredentialsOptions = {
  readonly pool: FencedPool;
  readonly config: AuthConfig;
  /** The quota of API keys that have none of their own. */
  readonly requestsPerMinute: number;
  readonly logger: Pick<Logger, "debug" | "info" | "warn" | "error">;
  /** Told of each API key whether it was known already. */
  readonly onKeyLookUp?: (isHit: boolean) => void;
  /** Makes the processes beside this one forget an API key that was changed here. */
  readonly forgetElsewhere?: ((id: string) => Promise<void>) | undefined;
};

/** How a process finds out who is calling. Why it cannot is logged once a minute for each cause. */
export class Credentials {
  readonly apiKeys: ApiKeys;
  readonly #logger: CredentialsOptions["logger"];
  readonly #told = new LRUCache<string, true>({ max: 100, ttl: quietMilliseconds });
  readonly #tokens: Tokens;
  readonly #places: Places;

  constructor(options: CredentialsOptions) {
    const { pool, config, requestsPerMinute, logger, onKeyLookUp: onLookUp } = options;
    const { forgetElsewhere } = options;
    this.#logger = logger;
    this.apiKeys = new ApiKeys({ pool, logger, requestsPerMinute, onLookUp, forgetElsewhere });
    this.#tokens = new Tokens({ ...config, pool, logger });
    this.#places = new Places({ pool });
  }

  /** Ends what runs beside requests. */
  close(): Promise<void> {
    return this.apiKeys.close();
  }

  /**
   * Who is calling: an API key in `x-api-key` or `Authorization: Bearer`, or a token in the latter.
   *
   * @throws GatewayError UNAVAILABLE when the credential cannot be checked just now.
   */
  authenticate(headers: IncomingHttpHeaders): Promise<Authentication> {
    const credential = readCredential(headers);
    if (typeof credential !== "string") return Promise.resolve(credential);
    const known = isApiKey(headers, credential) ? this.apiKeys : this.#tokens;
    return this.#telling(known.authenticate(credential));
  }

  /**
   * The same of a credential that was authenticated before, without using it again. Null if it does not work any more.
   *
   * @throws GatewayError UNAVAILABLE when it cannot be checked just now.
   */
  async check(headers: IncomingHttpHeaders): Promise<Actor | null> {
    const credential = readCredential(headers);
    if (typeof credential !== "string") return null;
    const found = await this.#telling(
      isApiKey(headers, credential)
        ? this.apiKeys.check(credential)
        : this.#tokens.authenticate(credential),
    );
    if ("refused" in found) return null;
    try {
      return await this.agree(found.actor, headers);
    } catch (error) {
      if (error instanceof GatewayError && error.code === "FORBIDDEN") return null;
      throw error;
    }
  }

  /**
   * The actor in the organization and department that the request names, if it names any.
   *
   * @throws GatewayError FORBIDDEN when they are not the credential's, UNAVAILABLE when that cannot be checked just now.
   */
  agree(actor: Actor, headers: IncomingHttpHeaders): Promise<Actor> {
    return this.#telling(this.#places.agree(actor, headers));
  }

  /** What is found out. Logs why it cannot be. */
  async #telling<Found>(asked: Promise<Found>): Promise<Found> {
    try {
      return await asked;
    } catch (error) {
      const isRefusal = error instanceof GatewayError && error.code === "FORBIDDEN";
      if (!isRefusal) this.#tell(error);
      throw error;
    }
  }

  #tell(error: unknown): void {
    const cause = describeError(error);
    const { stack: _, ...alike } = cause;
    const key = JSON.stringify(alike);
    if (this.#told.has(key)) return;
    this.#told.set(key, true);
    this.#logger.error({ cause }, "credentials cannot be checked");
  }
}

const isApiKey = (headers: IncomingHttpHeaders, credential: string): boolean =>
  headers["x-api-key"] !== undefined || credential.startsWith("crm_");

/** The one credential that a request comes with. Two that differ are refused, even if both are good for the tenant. */
function readCredential(headers: IncomingHttpHeaders): string | Authentication {
  const apiKey = headerOf(headers, "x-api-key");
  const authorization = headerOf(headers, "authorization") ?? "";
  // Other schemes are for whoever stands in between.
  const isBearer = /^Bearer(?: |$)/i.test(authorization);
  const bearer = isBearer ? (/^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? null) : null;
  if (isBearer && bearer === null) return { refused: "a bearer that is none" };
  if (apiKey !== null && bearer !== null && apiKey !== bearer) {
    return { refused: "two credentials that differ" };
  }
  return apiKey ?? bearer ?? { refused: "no credential" };
}
