/** The other end of a channel between two processes: `process` in a worker, a worker in its primary. */
export type Port = {
  /** `failed` is called where the other end is gone: without it, Node would end this process as well. */
  readonly send: (message: object, failed: (error: Error | null) => void) => void;
  readonly listen: (receive: (message: unknown) => void) => void;
};

/** The functions of a process that the other one can call, by name. */
export type Answers = Readonly<Record<string, (...values: unknown[]) => unknown>>;

/** The longest wait for an answer. After it, the other process is taken to hang or to be gone. */
const patienceMilliseconds = 5_000;

/** Questions and answers between two processes. Values travel as JSON. */
export class Channel {
  readonly #port: Port;
  readonly #answers: Answers;
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>();
  #questions = 0;

  constructor(port: Port, answers: Answers) {
    this.#port = port;
    this.#answers = answers;
    port.listen((message) => {
      if (typeof message !== "object" || message === null) return;
      if ("ask" in message && "id" in message) void this.#answer(message);
      else if ("answered" in message) this.#settle(message);
    });
  }

  /** Calls a function of the other process. @throws if it fails, or does not answer within five seconds. */
  async ask(what: string, ...values: readonly unknown[]): Promise<unknown> {
    this.#questions += 1;
    const id = this.#questions;
    const question = Promise.withResolvers<unknown>();
    const timer = setTimeout(() => {
      question.reject(new Error(`no answer to ${what}`));
    }, patienceMilliseconds);
    this.#asked.set(id, question);
    try {
      this.#port.send({ ask: what, id, values }, (error) => {
        if (error !== null) question.reject(error);
      });
      return await question.promise;
    } finally {
      clearTimeout(timer);
      this.#asked.delete(id);
    }
  }

  /** Fails what is still asked: the other process has ended. */
  close(): void {
    for (const { reject } of this.#asked.values()) reject(new Error("the other process has ended"));
  }

  async #answer(message: object & { ask: unknown; id: unknown }): Promise<void> {
    const { ask, id } = message;
    const values = "values" in message && Array.isArray(message.values) ? message.values : [];
    // The other process may have ended, and then needs no answer.
    const tell = (told: object): void => this.#port.send(told, () => undefined);
    try {
      const answer = this.#answers[String(ask)];
      if (answer === undefined) throw new Error(`nothing answers ${String(ask)}`);
      tell({ answered: id, value: (await answer(...values)) ?? null });
    } catch (error) {
      tell({ answered: id, failure: String(error) });
    }
  }

  #settle(message: object & { answered: unknown }): void {
    const question = this.#asked.get(Number(message.answered));
    if ("failure" in message) question?.reject(new Error(String(message.failure)));
    else question?.resolve("value" in message ? message.value : null);
  }
}
