import { GatewayError } from "./errors.ts";

export type TurnLimits = {
  /** So many may have a turn at once. */
  readonly size: number;
  /** So many may stand in line. */
  readonly waiters: number;
  /** How long one stands in line. */
  readonly waitMilliseconds: number;
  /** What those are told who get no turn, e.g. `The gateway is busy`. */
  readonly complaint: string;
  /**
   * When there was somebody in line for so long without a break, who comes then stands there only for a short time, the
   * newest goes first, and who stands there since before then makes way for those who come: a burst is worked off, but
   * what lasts does not make everybody wait (controlled delay).
   */
  readonly crowded?: { readonly afterMilliseconds: number; readonly waitMilliseconds: number };
};

type Waiter = {
  readonly since: number;
  readonly admit: (giveBack: () => void) => void;
  readonly refuse: () => void;
};

/** One owner has at most so much of the turns, and of the places in line, that others still get some. */
const shareOfOne = 3 / 4;

/**
 * Hands out a bounded number of turns. Who does not get one at once stands in line, for a bounded time, in a line of
 * its owner's; the owners' lines move in rotation, so that one owner's crowd does not keep the others waiting.
 */
export class Turns {
  readonly #limits: TurnLimits;
  readonly #held = new Map<string, number>();
  /** Owners in the order of their next turn. */
  readonly #lines = new Map<string, Waiter[]>();
  #taken = 0;
  #waiting = 0;
  /** Since when there was always somebody in line. */
  #standingSince = 0;

  constructor(limits: TurnLimits) {
    this.#limits = limits;
  }

  /** How many have a turn, and how many wait for one. */
  get state(): { readonly taken: number; readonly waiting: number } {
    return { taken: this.#taken, waiting: this.#waiting };
  }

  /**
   * Gives a turn, as the function that gives it back. The owner "" stands for the server itself, which has no share.
   *
   * @throws GatewayError UNAVAILABLE when the line is full or does not move, or the signal's reason.
   */
  async take(owner: string, signal: AbortSignal | null = null): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#mayHave(owner)) return this.#give(owner);
    const { waiters } = this.#limits;
    const own = this.#lines.get(owner)?.length ?? 0;
    if (this.#waiting >= waiters || own >= this.#shareOf(owner, waiters)) throw this.#refusal();
    const giveBack = await this.#wait(owner, signal);
    // Several signals may be given in one go: the turn of one goes to another that is over as well.
    if (signal?.aborted === true) giveBack();
    signal?.throwIfAborted();
    return giveBack;
  }

  #shareOf(owner: string, all: number): number {
    return owner === "" ? all : Math.ceil(all * shareOfOne);
  }

  #mayHave(owner: string): boolean {
    const { size } = this.#limits;
    return this.#taken < size && (this.#held.get(owner) ?? 0) < this.#shareOf(owner, size);
  }

  #give(owner: string): () => void {
    this.#taken += 1;
    this.#held.set(owner, (this.#held.get(owner) ?? 0) + 1);
    let isHeld = true;
    return () => {
      // Given back once, whoever does it first.
      if (!isHeld) return;
      isHeld = false;
      this.#taken -= 1;
      const left = (this.#held.get(owner) ?? 1) - 1;
      if (left === 0) this.#held.delete(owner);
      else this.#held.set(owner, left);
      this.#admitNext();
    };
  }

  #wait(owner: string, signal: AbortSignal | null): Promise<() => void> {
    const now = performance.now();
    if (this.#waiting === 0) this.#standingSince = now;
    const crowd = this.#crowd();
    const { waitMilliseconds } = crowd ?? this.#limits;
    const oldest = this.#lines.get(owner)?.[0];
    if (
      crowd !== undefined &&
      oldest !== undefined &&
      oldest.since < now - crowd.afterMilliseconds
    ) {
      oldest.refuse();
    }
    return new Promise((resolve, reject) => {
      const leave = (reason: unknown): void => {
        settle();
        this.#remove(owner, waiter);
        reject(reason);
      };
      const onAbort = (): void => leave(signal?.reason);
      const timer = setTimeout(() => waiter.refuse(), waitMilliseconds);
      const settle = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
      };
      const waiter: Waiter = {
        since: now,
        admit: (giveBack) => {
          settle();
          resolve(giveBack);
        },
        refuse: () => leave(this.#refusal()),
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      const line = this.#lines.get(owner);
      if (line === undefined) this.#lines.set(owner, [waiter]);
      else line.push(waiter);
      this.#waiting += 1;
    });
  }

  #remove(owner: string, waiter: Waiter): void {
    const line = this.#lines.get(owner) ?? [];
    line.splice(line.indexOf(waiter), 1);
    this.#waiting -= 1;
    if (line.length === 0) this.#lines.delete(owner);
  }

  #admitNext(): void {
    for (const [owner, line] of this.#lines) {
      if (!this.#mayHave(owner)) continue;
      const waiter = this.#crowd() === undefined ? line.shift() : line.pop();
      this.#waiting -= 1;
      // To the end of the rotation.
      this.#lines.delete(owner);
      if (line.length > 0) this.#lines.set(owner, line);
      waiter?.admit(this.#give(owner));
      return;
    }
  }

  #crowd(): TurnLimits["crowded"] {
    const { crowded } = this.#limits;
    if (crowded === undefined || this.#waiting === 0) return undefined;
    const isStanding = performance.now() - this.#standingSince > crowded.afterMilliseconds;
    return isStanding ? crowded : undefined;
  }

  #refusal(): GatewayError {
    return new GatewayError("UNAVAILABLE", `${this.#limits.complaint}; try again in a second.`);
  }
}
