import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type CompactJWSHeaderParameters,
  type FlattenedJWSInput,
} from "jose";
import type { Logger } from "pino";
import type { KeySetAges } from "../config/auth.ts";
import { GatewayError } from "../lib/errors.ts";
import { withoutValues } from "../telemetry/describe-error.ts";
import { Outage } from "../telemetry/outage.ts";

/** How long the key server may take for an answer. */
const timeoutDuration = 3_000;
const maxBytes = 512 * 1024;
/** After a failure nobody tries again for so long. */
const pauseAfterFailure = 5_000;

type KeySetOptions = {
  readonly url: URL;
  readonly ages: KeySetAges;
  readonly logger: Pick<Logger, "info" | "warn">;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
};

/**
 * An issuer's published keys (JWKS). They are fetched again before anybody waits for them, and go on working while
 * their server cannot be reached. Fetching, reading and choosing a key are jose's; when to fetch is decided here, since
 * jose takes no token any more when a fetch fails after the keys' age, and tries again with every token.
 */
export class KeySet {
  readonly #ages: KeySetAges;
  readonly #now: () => number;
  readonly #host: string;
  readonly #source: ReturnType<typeof createRemoteJWKSet>;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  readonly #outage: Outage;
  #fetching: Promise<void> | null = null;

  constructor({ url, ages, logger, now = () => performance.now() }: KeySetOptions) {
    const inMilliseconds = (seconds: number) => seconds * 1_000;
    this.#ages = {
      refresh: inMilliseconds(ages.refresh),
      cooldown: inMilliseconds(ages.cooldown),
      keep: inMilliseconds(ages.keep),
    };
    this.#outage = new Outage({
      begins: (details) => logger.warn(details, "the key set cannot be fetched"),
      ends: (details) => logger.info(details, "the key set is back"),
    });
    this.#now = now;
    this.#host = url.host;
    this.#source = createRemoteJWKSet(url, {
      timeoutDuration,
      cacheMaxAge: Number.POSITIVE_INFINITY,
      cooldownDuration: Number.POSITIVE_INFINITY,
      [customFetch]: fetchBounded,
    });
  }

  /**
   * The key that a token's header names, for jose's `jwtVerify`.
   *
   * @throws GatewayError UNAVAILABLE when there are no keys, or none young enough, and none can be fetched.
   */
  readonly keyFor = async (
    header: CompactJWSHeaderParameters,
    token: FlattenedJWSInput,
  ): Promise<CryptoKey> => {
    await this.#ready();
    try {
      return await this.#source(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      // Keys may have been added since; made-up key ids must not make us fetch all the time.
      const mayFetch = this.#now() - this.#triedAt >= this.#ages.cooldown;
      if (this.#fetching === null && !mayFetch) throw error;
      await this.fetch();
      return this.#source(header, token);
    }
  };

  /** Fetches the keys, together with who does already; never fails. */
  fetch(): Promise<void> {
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  async #fetch(): Promise<void> {
    const startedAt = this.#now();
    this.#triedAt = startedAt;
    try {
      await this.#source.reload();
      this.#fetchedAt = startedAt;
      this.#outage.worked({ host: this.#host });
    } catch (error) {
      const cause = error instanceof Error ? withoutValues(error.message) : typeof error;
      this.#outage.failed({ host: this.#host, cause });
    }
  }

  /** Waits for a fetch only when the keys there are would not do. */
  async #ready(): Promise<void> {
    const { refresh, keep } = this.#ages;
    const age = this.#now() - this.#fetchedAt;
    if (age < refresh) return;
    const isPausing = this.#outage.lasts && this.#pauseLeft() > 0;
    const fetching = isPausing ? this.#fetching : this.fetch();
    // Long out of use, they may have been withdrawn; but an outage is no reason to keep callers waiting.
    if (age >= keep || (age >= 2 * refresh && !this.#outage.lasts)) await fetching;
    if (this.#now() - this.#fetchedAt < keep) return;
    throw new GatewayError({
      code: "UNAVAILABLE",
      complaint: { complaint: "noKeySet" },
      retryAfter: Math.max(1, Math.ceil(this.#pauseLeft() / 1_000)),
    });
  }

  /** Milliseconds until a failure is forgotten enough to try again. */
  #pauseLeft(): number {
    return this.#triedAt + pauseAfterFailure - this.#now();
  }
}

/** The whole answer, if it is not too long. jose has set the time limit, and that no redirect is followed. */
async function fetchBounded(url: string, options: RequestInit): Promise<Response> {
  const response = await fetch(url, options);
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`the key server answered ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new Error(`the key server sent more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return new Response(Buffer.concat(chunks));
}
