import http from "node:http";
import https from "node:https";
import {
  addressesOf,
  guardedLookup,
  makeResolver,
  RefusedTarget,
  type Resolver,
} from "./lookup.ts";
import { failureOf } from "./failure.ts";
import { literalAddress, readTarget, type TargetPolicy } from "./policy.ts";

/** The outcome of a request: the host's answer, whatever its status, or a sentence that says why there is none. */
export type Posted = (
  | {
      readonly status: number;
      /** The beginning of the answer, at most `keptBytes` as UTF-8 text. */
      readonly body: string;
      /** `Retry-After` in milliseconds; null without one. */
      readonly retryAfter: number | null;
    }
  | { readonly failure: string }
) & { readonly milliseconds: number };

/** The most bytes of an answer that are read, and that are kept. */
export const [readBytes, keptBytes] = [65_536, 1_024];

const agentOptions = {
  keepAlive: true,
  maxFreeSockets: 2,
  /** An idle connection is closed after it, or earlier if the host says so. */
  timeout: 10_000,
  scheduling: "lifo",
} as const;

/** The most interim answers (1xx) in front of the answer: others would keep the process busy for the request's time. */
const maxInterim = 20;

/** How long a name is looked up when a target is saved. */
const savingMilliseconds = 1_000;

type TargetOptions = {
  readonly resolver?: Resolver;
  /** Seconds that a request may take, from the look-up of its host to the last byte of the answer. */
  readonly requestSeconds?: number;
};

/** The hosts that webhooks are sent to: which are allowed, and requests to them. */
export class Targets {
  readonly #policy: TargetPolicy;
  readonly #resolver: Resolver;
  readonly #seconds: number;
  readonly #agents: { readonly "http:": http.Agent; readonly "https:": https.Agent };

  constructor(
    policy: TargetPolicy,
    { resolver = makeResolver(), requestSeconds = 15 }: TargetOptions = {},
  ) {
    this.#policy = policy;
    this.#resolver = resolver;
    this.#seconds = requestSeconds;
    const options = { ...agentOptions, lookup: guardedLookup(resolver, policy) };
    this.#agents = { "http:": new http.Agent(options), "https:": new https.Agent(options) };
  }

  /**
   * Why a URL cannot be the target of a webhook, to be read behind its name ("url must begin with https://"); null if it
   * can. A host whose name cannot be looked up is taken, since it may come later; `post` looks again.
   */
  async check(text: string): Promise<string | null> {
    const read = readTarget(text, this.#policy);
    if ("refused" in read) return read.refused;
    const { hostname } = read.url;
    if (literalAddress(hostname) !== null) return null;
    const late = Promise.withResolvers<null>();
    const timer = setTimeout(() => late.resolve(null), savingMilliseconds);
    const found = addressesOf(hostname, this.#resolver, this.#policy).then(
      () => null,
      (error: unknown) => (error instanceof RefusedTarget ? error.message : null),
    );
    return Promise.race([found, late.promise]).finally(() => clearTimeout(timer));
  }

  /**
   * Sends JSON to a target, which is checked again. Redirects are answers like others. At most `readBytes` of the answer
   * are read.
   *
   * @throws the signal's reason, once it is aborted.
   */
  async post(
    text: string,
    headers: Readonly<Record<string, string>>,
    body: string,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<Posted> {
    const startedAt = performance.now();
    const posted = await this.#post(text, headers, Buffer.from(body), signal).catch(
      (error: unknown) => {
        signal?.throwIfAborted();
        return { failure: failureOf(error, this.#seconds) };
      },
    );
    return { ...posted, milliseconds: Math.round(performance.now() - startedAt) };
  }

  /** Closes the connections that are idle; the others when their answers have come. */
  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  async #post(
    text: string,
    headers: Readonly<Record<string, string>>,
    body: Buffer,
    signal: AbortSignal | undefined,
  ) {
    const read = readTarget(text, this.#policy);
    if ("refused" in read) return { failure: `Refused: the URL ${read.refused}.` };
    const { url } = read;
    const isSecure = url.protocol === "https:";
    const late = AbortSignal.timeout(this.#seconds * 1_000);
    const options = {
      method: "POST",
      agent: this.#agents[isSecure ? "https:" : "http:"],
      headers: { ...ownHeaders, ...headers, "content-length": body.length },
      signal: signal === undefined ? late : AbortSignal.any([late, signal]),
    };
    const request = isSecure ? https.request : http.request;
    try {
      for (let attempt = 1; ; attempt += 1) {
        const sent = request(url, options);
        try {
          const answer = await answerOf(sent, body);
          return await readAnswer(answer);
        } catch (error) {
          // The host closed an idle connection while the request was on its way. The id tells it of a second one.
          if (!sent.reusedSocket || attempt > 2 || !isClosed(error)) throw error;
        }
      }
    } catch (error) {
      throw late.aborted && signal?.aborted !== true ? late.reason : error;
    }
  }
}

const ownHeaders = {
  "content-type": "application/json",
  "user-agent": "crm-gateway-webhooks",
  accept: "*/*",
};

/** Sends a body. Resolves once the head of the answer is here. */
function answerOf(sent: http.ClientRequest, body: Buffer): Promise<http.IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  let interim = 0;
  sent.on("information", () => {
    interim += 1;
    if (interim > maxInterim) sent.destroy(Object.assign(new Error("1xx"), { code: "HPE_1XX" }));
  });
  sent.on("response", resolve);
  sent.on("error", reject);
  // A host that switches protocols gives no answer and no error.
  sent.on("close", () => reject(Object.assign(new Error("closed"), { code: "ECONNRESET" })));
  sent.end(body);
  return promise;
}

async function readAnswer(answer: http.IncomingMessage) {
  let seen = 0;
  const kept: Buffer[] = [];
  for await (const chunk of answer) {
    if (!Buffer.isBuffer(chunk)) continue;
    if (seen < keptBytes) kept.push(Buffer.from(chunk.subarray(0, keptBytes - seen)));
    seen += chunk.length;
    // Leaving the loop closes the connection.
    if (seen >= readBytes) break;
  }
  return {
    status: answer.statusCode ?? 0,
    body: asText(Buffer.concat(kept)),
    retryAfter: retryAfter(answer.headers["retry-after"]),
  };
}

/** Text that PostgreSQL can store: a character that is cut at the end is left out, and U+0000 replaced. */
function asText(bytes: Buffer): string {
  return new TextDecoder().decode(bytes, { stream: true }).replaceAll("\0", "\uFFFD");
}

/** Seconds, or an HTTP date. */
function retryAfter(header: string | undefined): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}

function isClosed(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return code === "ECONNRESET" || code === "EPIPE";
}
