import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

/** SQLSTATEs of a server that ends connections, has no room, only reads, or is held up: all of them pass. */
const passing = /^(?:08|25006|53|55|57|58)/;
/** How long it is waited between attempts to connect. */
const pauseMilliseconds = 500;

/**
 * The pool of the engine. The engine marks a job as done without hearing the answer: an error there would end the
 * process. It sends the mark again after errors with a code that it knows, so all that will pass get such a code. It
 * waits longer each time then, up to two minutes: so it gets no error while the server is away, and those of fetches, which
 * it repeats every second anyway, keep their codes.
 */
export class EnginePool extends pg.Pool {
  readonly #closing: AbortSignal;

  /** Once `closing` is aborted it is waited for no server. */
  constructor(config: pg.PoolConfig, closing: AbortSignal) {
    super(config);
    this.#closing = closing;
    this.on("connect", (client) => {
      const query: (...parameters: unknown[]) => unknown = client.query.bind(client);
      const told = (...parameters: unknown[]): unknown => {
        const answer = query(...parameters);
        return answer instanceof Promise && !isFetch(parameters[0])
          ? answer.catch(rethrow)
          : answer;
      };
      Object.defineProperty(client, "query", { value: told, configurable: true, writable: true });
    });
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Parameters<pg.Pool["connect"]>[0]): void;
  override connect(callback?: Parameters<pg.Pool["connect"]>[0]): Promise<pg.PoolClient> | void {
    if (callback !== undefined) return super.connect(callback);
    return this.#connect();
  }

  async #connect(): Promise<pg.PoolClient> {
    const signal = this.#closing;
    for (;;) {
      try {
        return await super.connect();
      } catch (error) {
        if (signal.aborted || !isPassing(error)) return rethrow(error);
      }
      await sleep(pauseMilliseconds, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Whether the statement fetches jobs: all of its kind take those that nobody has locked. */
const isFetch = (sent: unknown): boolean =>
  typeof sent === "object" &&
  sent !== null &&
  "text" in sent &&
  /skip\s+locked/i.test(String(sent.text));

/** Whether it is not the statement that is to blame. */
const isPassing = (error: unknown): error is Error =>
  error instanceof Error && !(error instanceof pg.DatabaseError && !passing.test(error.code ?? ""));

/** @throws the error, with a code after which the engine tries again if it will pass. */
function rethrow(error: unknown): never {
  if (isPassing(error)) Object.assign(error, { code: "ETIMEDOUT" });
  throw error;
}
