import { sendFuzz, type FuzzAnswer, type FuzzRequest } from "./client.ts";
import type { ServedGateway } from "./served-gateway.ts";

/** A request's answer takes this time at most, of the gateway's CPU, and where nobody else uses the machine. */
const maxMilliseconds = 1_000;
/** What takes this time again and again waits for something: no load of a machine does that. */
const maxWaiting = 10_000;

/** Tells which requests are slow by themselves, and not only since the machine has much else to do. */
export class Slowness {
  readonly #served: ServedGateway;
  #turn: Promise<unknown> = Promise.resolve();
  /** How many requests were looked at again. */
  count = 0;

  constructor(served: ServedGateway) {
    this.#served = served;
  }

  /** How a request is too slow that was answered in this time beside others; null if it is not. */
  complaint(request: FuzzRequest, { milliseconds }: FuzzAnswer): Promise<string | null> {
    if (milliseconds <= maxMilliseconds) return Promise.resolve(null);
    this.count += 1;
    const found = this.#turn.then(() => this.#again(request));
    this.#turn = found.catch(() => undefined);
    return found;
  }

  /** The same again, one at a time, until it is quick: what others cost does not count. */
  async #again(request: FuzzRequest): Promise<string | null> {
    let [work, time] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let round = 0; round < 20 && (work > maxMilliseconds || time > maxWaiting); round += 1) {
      const before = await this.#served.cpu();
      const { milliseconds } = await sendFuzz(this.#served.url, request);
      work = Math.min(work, (await this.#served.cpu()) - before);
      time = Math.min(time, milliseconds);
    }
    if (work <= maxMilliseconds && time <= maxWaiting) return null;
    return `answered in ${Math.round(time)} ms, with ${Math.round(work)} ms of work`;
  }
}
