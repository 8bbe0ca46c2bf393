import type { IncomingHttpHeaders } from "node:http";
import type { Logger } from "pino";
import type { AuthConfig } from "../config/auth.ts";
import type { FencedPool } from "../db/fenced-pool.ts";
import { GatewayError } from "../lib/errors.ts";
import { headerOf } from "../lib/headers.ts";
import type { Actor } from "./actor.ts";
import { ApiKeys } from "./api-keys.ts";
import type { Authentication } from "./authentication.ts";
import { Places } from "./places.ts";
import { Tokens } from "./tokens.ts";

type CredentialsOptions = {
  readonly pool: FencedPool;
  readonly config: AuthConfig;
  /** The quota of API keys that have none of their own. */
  readonly requestsPerMinute: number;
  readonly logger: Pick<Logger, "debug" | "info" | "warn">;
  /** Told of each API key whether it was known already. */
  readonly onKeyLookUp?: (isHit: boolean) => void;
  /** Makes the processes beside this one forget an API key that was changed here. */
  readonly forgetElsewhere?: ((id: string) => Promise<void>) | undefined;
};

/** How a process finds out who is calling. */
export class Credentials {
  readonly apiKeys: ApiKeys;
  readonly #tokens: Tokens;
  readonly #places: Places;

  constructor(options: CredentialsOptions) {
    const { pool, config, requestsPerMinute, logger, onKeyLookUp: onLookUp } = options;
    const { forgetElsewhere } = options;
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
    return (isApiKey(headers, credential) ? this.apiKeys : this.#tokens).authenticate(credential);
  }

  /**
   * The same of a credential that was authenticated before, without using it again. Null if it does not work any more.
   *
   * @throws GatewayError UNAVAILABLE when it cannot be checked just now.
   */
  async check(headers: IncomingHttpHeaders): Promise<Actor | null> {
    const credential = readCredential(headers);
    if (typeof credential !== "string") return null;
    const found = isApiKey(headers, credential)
      ? await this.apiKeys.check(credential)
      : await this.#tokens.authenticate(credential);
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
    return this.#places.agree(actor, headers);
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
