/** The state of a credential's minute. */
export type QuotaState = {
  readonly limit: number;
  readonly remaining: number;
  /** The end of the minute, when the whole limit is available again. */
  readonly resetAt: Date;
};

/** Whether an amount was granted, and the state after it. */
export type Taken = QuotaState & { readonly allowed: boolean };
export type Held = Taken & { readonly giveBack: (unused: number) => void };

/** The amount that was granted; `left` can still be taken by any process until the minute ends. */
export type Grant = {
  readonly granted: number;
  readonly left: number;
  /** The name of the minute. */
  readonly minute: string;
  /** The time until it ends. */
  readonly milliseconds: number;
};

/** Counters that several processes share. */
export type SharedCounters = {
  /** Grants up to the wanted amount of a limit (0 only reads the rest); null while the counters are unavailable. */
  grant(key: string, wanted: number, limit: number): Promise<Grant | null>;
  /** Takes back an amount that was granted in a minute. It has no effect after the minute. */
  takeBack(key: string, amount: number, minute: string): Promise<void>;
};

type Minute = {
  limit: number;
  /** The amount that this process may hand out without asking the shared counter. */
  held: number;
  /** The last known rest of the shared counter; 0 without one. */
  left: number;
  /** The end by a monotonic clock (`performance.now()`), and as it was last sent to callers. */
  endsAt: number;
  resetAt: ResetTime;
  /** Its name in the shared counter; null until that was asked. */
  name: string | null;
  asking: Promise<void> | null;
  /** The time of the next look for amounts that others have returned, by the same clock. */
  looksAt: number;
  /** Resolves once returned amounts are available to all. */
  returning: Promise<void>;
  /** The sum that waiting requests need. */
  needed: number;
};

export const minuteMilliseconds = 60_000;
/** The shortest time between two looks for amounts that others have returned. */
const lookMilliseconds = 1_000;
/** The part of the rest that a process takes at a time. It takes few statements, and leaves enough for others. */
const shareOfRest = 1 / 50;
/** A process that holds this part of the limit, after unused points were given back, returns all but its share. */
const surplus = 1 / 10;

/**
 * A limit for each minute, which begins with the first that is taken. With shared counters a process asks for some more
 * than it needs and hands that out. All grants together never exceed the limit.
 */
export class RateLimiter {
  readonly #counters: SharedCounters | null;
  readonly #minutes = new Map<string, Minute>();

  constructor(counters: SharedCounters | null) {
    this.#counters = counters;
  }

  /** Takes an amount, all of it or nothing. */
  async take(key: string, limit: number, amount: number): Promise<Taken> {
    const { minute, allowed } = await this.#take(key, limit, amount);
    return { ...stateOf(minute), allowed };
  }

  /** The same for a reservation: the unused part can be given back during its minute. */
  async hold(key: string, limit: number, amount: number): Promise<Held> {
    const { minute, allowed } = await this.#take(key, limit, amount);
    const { name } = minute;
    const giveBack = (unused: number): void => {
      requireWhole(unused);
      const isSame = this.#minutes.get(key) === minute && minute.name === name;
      if (allowed && isSame) this.#giveBack(key, minute, Math.min(unused, amount));
    };
    return { ...stateOf(minute), allowed, giveBack };
  }

  async #take(
    key: string,
    limit: number,
    amount: number,
  ): Promise<{ readonly minute: Minute; readonly allowed: boolean }> {
    requireWhole(amount);
    for (;;) {
      const minute = this.#minuteOf(key, limit);
      const allowed = amount <= minute.held;
      if (allowed || this.#counters === null || amount > limit || isUsedUp(minute, amount)) {
        if (allowed) minute.held -= amount;
        return { minute, allowed };
      }
      const looks = amount > minute.held + minute.left;
      const needed = looks ? 0 : amount;
      minute.needed += needed;
      minute.asking ??= this.#ask(this.#counters, key, minute, looks).finally(() => {
        minute.asking = null;
      });
      await minute.asking.finally(() => {
        minute.needed -= needed;
      });
    }
  }

  /** The rest, without taking any. */
  peek(key: string, limit: number): QuotaState {
    return stateOf(this.#minuteOf(key, limit));
  }

  /** Forgets minutes that are over. */
  sweep(): void {
    const now = performance.now();
    for (const [key, { endsAt }] of this.#minutes) if (endsAt <= now) this.#minutes.delete(key);
  }

  #minuteOf(key: string, limit: number): Minute {
    const current = this.#minutes.get(key);
    if (current !== undefined && current.endsAt > performance.now()) {
      if (current.limit !== limit) relimit(current, limit, this.#counters !== null);
      return current;
    }
    const whole = this.#counters === null ? { held: limit, left: 0 } : { held: 0, left: limit };
    const minute: Minute = {
      limit,
      ...whole,
      endsAt: performance.now() + minuteMilliseconds,
      resetAt: new ResetTime(0),
      name: null,
      asking: null,
      looksAt: 0,
      returning: Promise.resolve(),
      needed: 0,
    };
    this.#minutes.set(key, minute);
    return minute;
  }

  #giveBack(key: string, minute: Minute, amount: number): void {
    const most = Math.max(minute.held, minute.limit - minute.left);
    minute.held = Math.min(most, minute.held + amount);
    if (this.#counters === null || minute.held <= minute.limit * surplus) return;
    const kept = Math.floor(minute.limit * shareOfRest);
    const more = minute.held - kept;
    minute.held = kept;
    minute.left += more;
    this.#return(this.#counters, key, minute, more);
  }

  /** Returns an unused grant to the shared counter. If that fails, the amount is lost. */
  #return(counters: SharedCounters, key: string, minute: Minute, amount: number): void {
    const { name } = minute;
    if (name === null) return;
    minute.returning = minute.returning
      .then(() => counters.takeBack(key, amount, name))
      .catch(() => undefined);
  }

  /** Asks for the needed amount, or, if `looks`, only for the rest. */
  async #ask(counters: SharedCounters, key: string, minute: Minute, looks: boolean): Promise<void> {
    // Requests of the same moment share one statement, which comes after this process's returns.
    await minute.returning;
    const wanted = Math.max(minute.needed - minute.held, Math.floor(minute.left * shareOfRest), 1);
    const { limit, left: leftBefore } = minute;
    const asked = looks ? 0 : Math.min(wanted, leftBefore);
    const grant = await counters.grant(key, asked, limit);
    minute.looksAt = performance.now() + lookMilliseconds;
    if (grant === null) {
      // The counters are unavailable, so this process continues with the known rest.
      minute.held += asked;
      minute.left -= asked;
      return;
    }
    // Amounts held of an earlier minute are void.
    minute.held = (minute.name === grant.minute ? minute.held : 0) + grant.granted;
    minute.left = grant.left;
    minute.name = grant.minute;
    minute.endsAt = performance.now() + grant.milliseconds;
    // The counter has counted the whole request, also the part that it did not grant.
    if (grant.granted < asked) this.#return(counters, key, minute, asked - grant.granted);
  }
}

/** Counters are integers. A fraction would be handed out without being counted. */
function requireWhole(amount: number): void {
  if (!Number.isSafeInteger(amount)) throw new RangeError(`a quota has no part of ${amount}`);
}

/** Whether the known rest is too small, and it is too early to look for returned amounts. */
function isUsedUp({ held, left, asking, looksAt }: Minute, amount: number): boolean {
  return amount > held + left && asking === null && performance.now() < looksAt;
}

/** Applies a changed limit. Taken amounts stay taken. */
function relimit(minute: Minute, limit: number, isShared: boolean): void {
  const where = isShared ? "left" : "held";
  minute[where] = Math.max(0, minute[where] + limit - minute.limit);
  minute.limit = limit;
}

function stateOf(minute: Minute): QuotaState {
  const { limit, held, left, endsAt } = minute;
  const resetAt = Date.now() + Math.round(endsAt - performance.now());
  // Both clocks are rounded, so it may be a millisecond more or less each time.
  if (Math.abs(resetAt - minute.resetAt.getTime()) > 1) minute.resetAt = new ResetTime(resetAt);
  return { limit, remaining: Math.min(limit, held + left), resetAt: minute.resetAt };
}

/** A time that many answers tell: printed once. */
class ResetTime extends Date {
  #text: string | null = null;

  override toJSON(): string {
    this.#text ??= this.toISOString();
    return this.#text;
  }
}
