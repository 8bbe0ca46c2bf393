import type { Cells, Sent } from "./statement.ts";

type Send = (sent: Sent) => Promise<Cells[]>;

/**
 * Sends the statements of a transaction in order. Where the pin is the transaction's, the first one brings it, and no
 * other is sent before that one's answer: outside of the transaction it would run without a fence.
 */
export class Opening {
  readonly #send: Send;
  /** Whether the pin is known to hold. */
  isOpen: boolean;
  #first: Promise<unknown> | null = null;

  constructor(send: Send, keepsPin: boolean) {
    this.#send = send;
    this.isOpen = keepsPin;
  }

  send(sent: Sent): Promise<Cells[]> {
    if (this.isOpen) return this.#send(sent);
    if (this.#first !== null) return this.#first.then(() => this.#send(sent));
    const answer = this.#send(sent);
    this.#first = answer.then(() => (this.isOpen = true));
    // Heard by whoever sent it.
    this.#first.catch(() => undefined);
    return answer;
  }

  /** Waits until nothing needs to wait for the first any more. @throws what the first one failed with */
  async ready(): Promise<void> {
    await this.#first;
  }
}
