import { addTo } from "./counts.ts";
import { unavailable, type GatewayError } from "./errors.ts";
import type { Complaint } from "./messages.ts";

type TurnLimits = {
  /** The most turns at once. */
  readonly size: number;
  /** The most that may stand in line. */
  readonly waiters: number;
  /** How long one stands in line. */
  readonly waitMilliseconds: number;
  /** What those are told who get no turn. */
  readonly complaint: Complaint;
  /**
   * Once the first in line has waited longer than `waitMilliseconds` at every look for `afterMilliseconds`, newcomers wait
   * no longer than that, the newest goes first, and those who stand there since before make way for newcomers: a burst is
   * worked off, but what lasts does not make everybody wait (controlled delay). A line that moves fast is no crowd,
   * however long there has been somebody in it.
   */
  readonly crowded?: { readonly afterMilliseconds: number; readonly waitMilliseconds: number };
  /**
   * Whether the owner may have a turn just now, whatever is free, beside those that its party has; `wake` says that it may
   * have changed.
   */
  readonly mayStart?: (owner: string, party: string, taken: number) => boolean;
};

/** What a turn is waited for: it may be stopped meanwhile, which is told to all that it began. */
type Stoppable = {
  /** Why it was stopped; null while it goes on. */
  readonly stopped: Error | null;
  begins(waiting: { cancel(): void }): void;
  ends(waiting: { cancel(): void }): void;
};

type Waiter = {
  readonly since: number;
  readonly admit: (giveBack: () => void) => void;
  readonly refuse: () => void;
};

/** One owner has at most so much of the turns, and of the places in line, that others still get some. */
const shareOfOne = 3 / 4;
/** The same for a party of owners. */
const shareOfParty = 7 / 8;

/**
 * Hands out a bounded number of turns. A caller without a turn stands in line, for a bounded time, in a line of
 * its owner's; the owners' lines move in rotation, so that one owner's crowd does not keep the others waiting. Owners may
 * belong to a party: then parties move in rotation, and the owners of each, so that it is no use to be many owners.
 */
export class Turns {
  readonly #limits: TurnLimits;
  readonly #held = new Map<string, number>();
  readonly #heldByParty = new Map<string, number>();
  /** Parties, and the owners of each, in the order of their next turn. */
  readonly #parties = new Map<string, Map<string, Waiter[]>>();
  #taken = 0;
  #waiting = 0;
  /** Since when the first in line was late at every look; null when it was not at the last one. */
  #lateSince: number | null = null;
  /** When somebody was last refused after waiting. */
  #refusedAt = Number.NEGATIVE_INFINITY;

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
   * @throws GatewayError UNAVAILABLE when the line is full or does not move, or what the work was stopped for.
   */
  async take(owner: string, work: Stoppable | null = null, party = owner): Promise<() => void> {
    if (work?.stopped != null) throw work.stopped;
    const now = this.takeNow(owner, party);
    if (now !== null) return now;
    const { waiters } = this.#limits;
    const lines = this.#parties.get(party);
    const own = lines?.get(owner)?.length ?? 0;
    let ofParty = 0;
    for (const line of lines?.values() ?? []) ofParty += line.length;
    const isFull =
      this.#waiting >= waiters ||
      own >= shareOf(owner, waiters) ||
      ofParty >= shareOfAll(party, waiters);
    if (isFull) throw this.#refusal();
    const giveBack = await this.#wait(owner, party, work);
    // Several works may be stopped in one go: the turn of one goes to another that is over as well.
    if (work?.stopped == null) return giveBack;
    giveBack();
    throw work.stopped;
  }

  /** A turn if the owner may have one at once, as the function that gives it back; else null. */
  takeNow(owner: string, party = owner): (() => void) | null {
    return this.#mayHave(owner, party) ? this.#give(owner, party) : null;
  }

  /** Looks again who may have a turn, after what `mayStart` goes by has changed. */
  wake(): void {
    while (this.#waiting > 0 && this.#admitNext());
  }

  #mayHave(owner: string, party: string): boolean {
    const { size } = this.#limits;
    const hasShare =
      this.#taken < size &&
      (this.#held.get(owner) ?? 0) < shareOf(owner, size) &&
      (this.#heldByParty.get(party) ?? 0) < shareOfAll(party, size);
    return hasShare && this.#mayStart(owner, party);
  }

  #mayStart(owner: string, party: string): boolean {
    return this.#limits.mayStart?.(owner, party, this.#heldByParty.get(party) ?? 0) ?? true;
  }

  #give(owner: string, party: string): () => void {
    this.#taken += 1;
    addTo(this.#held, owner, 1);
    addTo(this.#heldByParty, party, 1);
    let isHeld = true;
    return () => {
      // Given back once, whoever does it first.
      if (!isHeld) return;
      isHeld = false;
      this.#taken -= 1;
      addTo(this.#held, owner, -1);
      addTo(this.#heldByParty, party, -1);
      this.#admitNext();
    };
  }

  #wait(owner: string, party: string, work: Stoppable | null): Promise<() => void> {
    const now = performance.now();
    const crowd = this.#crowd();
    const { waitMilliseconds } = crowd ?? this.#limits;
    const oldest = this.#parties.get(party)?.get(owner)?.[0];
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
        this.#remove(owner, party, waiter);
        reject(reason);
      };
      const waiting = { cancel: () => leave(work?.stopped) };
      const timer = setTimeout(() => waiter.refuse(), waitMilliseconds);
      const settle = (): void => {
        clearTimeout(timer);
        work?.ends(waiting);
      };
      const waiter: Waiter = {
        since: now,
        admit: (giveBack) => {
          settle();
          resolve(giveBack);
        },
        refuse: () => {
          this.#refusedAt = performance.now();
          leave(this.#refusal());
        },
      };
      work?.begins(waiting);
      const lines = this.#parties.get(party) ?? new Map<string, Waiter[]>();
      this.#parties.set(party, lines);
      const line = lines.get(owner);
      if (line === undefined) lines.set(owner, [waiter]);
      else line.push(waiter);
      this.#waiting += 1;
    });
  }

  #remove(owner: string, party: string, waiter: Waiter): void {
    const lines = this.#parties.get(party);
    const line = lines?.get(owner) ?? [];
    line.splice(line.indexOf(waiter), 1);
    this.#waiting -= 1;
    if (line.length === 0) lines?.delete(owner);
    if (lines?.size === 0) this.#parties.delete(party);
  }

  /** True when somebody got a turn. */
  #admitNext(): boolean {
    const isCrowded = this.#crowd() !== undefined;
    for (const [party, lines] of this.#parties) {
      for (const [owner, line] of lines) {
        if (!this.#mayHave(owner, party)) continue;
        const waiter = isCrowded ? line.pop() : line.shift();
        this.#waiting -= 1;
        // Both to the end of their rotation.
        lines.delete(owner);
        if (line.length > 0) lines.set(owner, line);
        this.#parties.delete(party);
        if (lines.size > 0) this.#parties.set(party, lines);
        waiter?.admit(this.#give(owner, party));
        return true;
      }
    }
    return false;
  }

  /** Looks how long the first in line has waited; before anybody leaves the line, so that every wait is seen at its end. */
  #crowd(): TurnLimits["crowded"] {
    const { crowded } = this.#limits;
    if (crowded === undefined) return undefined;
    const now = performance.now();
    const since = this.#firstInLine();
    // In a crowd nobody stands there for long: that some were refused shows that it goes on.
    const isLate =
      since !== undefined &&
      (since < now - crowded.waitMilliseconds ||
        (this.#lateSince !== null && this.#refusedAt > now - crowded.afterMilliseconds));
    this.#lateSince = isLate ? (this.#lateSince ?? now) : null;
    const isCrowd = this.#lateSince !== null && now - this.#lateSince > crowded.afterMilliseconds;
    return isCrowd ? crowded : undefined;
  }

  /** Since when the first waits of those who only wait for others. */
  #firstInLine(): number | undefined {
    let first: number | undefined;
    for (const [party, lines] of this.#parties) {
      for (const [owner, [head]] of lines) {
        if (head === undefined || (first !== undefined && first <= head.since)) continue;
        if (this.#mayStart(owner, party)) first = head.since;
      }
    }
    return first;
  }

  #refusal(): GatewayError {
    return unavailable(this.#limits.complaint);
  }
}

function shareOf(owner: string, all: number): number {
  return owner === "" ? all : Math.ceil(all * shareOfOne);
}

/** Never less than one of it may have alone. */
function shareOfAll(party: string, all: number): number {
  const most = Math.min(Math.ceil(all * shareOfParty), all - 1);
  return Math.max(most, shareOf(party, all));
}
