import pg from "pg";

/** SQLSTATEs of a server that ends connections, has no room, only reads, or is held up: all of them pass. */
const passing = /^(?:08|25006|53|55|57|58)/;

/**
 * The pool of the engine. The engine marks a job as done without hearing the answer: an error there would end the
 * process. It sends the mark again after errors with a code that it knows, so all that will pass get such a code.
 */
export class EnginePool extends pg.Pool {
  constructor(config: pg.PoolConfig) {
    super(config);
    this.on("connect", (client) => {
      const query: (...parameters: unknown[]) => unknown = client.query.bind(client);
      const told = (...parameters: unknown[]): unknown => {
        const answer = query(...parameters);
        return answer instanceof Promise ? answer.catch(rethrown) : answer;
      };
      Object.defineProperty(client, "query", { value: told, configurable: true, writable: true });
    });
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Parameters<pg.Pool["connect"]>[0]): void;
  override connect(callback?: Parameters<pg.Pool["connect"]>[0]): Promise<pg.PoolClient> | void {
    if (callback !== undefined) return super.connect(callback);
    return super.connect().catch(rethrown);
  }
}

/** @throws the error, with a code after which the engine tries again unless the statement is to blame. */
function rethrown(error: unknown): never {
  const isStatements = error instanceof pg.DatabaseError && !passing.test(error.code ?? "");
  if (error instanceof Error && !isStatements) Object.assign(error, { code: "ETIMEDOUT" });
  throw error;
}
