/** What is left of a minute. */
export type QuotaState = {
  readonly limit: number;
  readonly remaining: number;
  /** When the minute ends and the whole limit is there again. */
  readonly resetAt: Date;
};

/** Whether an amount was to be had, and what is left then. */
export type Taken = QuotaState & { readonly allowed: boolean };
export type Held = Taken & { readonly giveBack: (unused: number) => void };

/** The amount that was granted; `left` can still be taken by any process until the minute ends. */
export type Grant = {
  readonly granted: number;
  readonly left: number;
  /** Which minute it is. */
  readonly minute: string;
  /** How long it goes on. */
  readonly milliseconds: number;
};

/** Counts what several processes hand out. */
export type SharedCounters = {
  /** Grants what is left of a limit, at most as much as is wanted (0 to see what is left); null while nobody counts. */
  grant(key: string, wanted: number, limit: number): Promise<Grant | null>;
  /** Takes back what was granted in that minute; nothing when it is over. */
  takeBack(key: string, amount: number, minute: string): Promise<void>;
};

type Minute = {
  limit: number;
  /** What this process may still hand out without asking. */
  held: number;
  /** What is still to be had of the shared counter, as far as is known; 0 where there is none. */
  left: number;
  /** When it ends, by a clock that nobody can put back (`performance.now()`), and as callers were told last. */
  endsAt: number;
  resetAt: ResetTime;
  /** Which one it is of the shared counter's; null until that was asked. */
  name: string | null;
  asking: Promise<void> | null;
  /** From when on it is worth asking what others have returned, by the same clock. */
  looksAt: number;
  /** Settled once what was returned is there for all. */
  returning: Promise<void>;
  /** What those need who wait for the answer. */
  needed: number;
};

export const minuteMilliseconds = 60_000;
/** How often at most a process asks what others have returned, once there is not enough. */
const lookMilliseconds = 1_000;
/** A process takes such a part of what is left at once: few statements, and little that another one misses. */
const shareOfRest = 1 / 50;
/** A process that holds such a part of the limit, given back by what took more than it used, returns all but its share. */
const surplus = 1 / 10;

/**
 * A limit for each minute, which begins with the first that is taken. With shared counters a process asks for some more
 * than it needs and hands that out by itself; what all are granted together never exceeds the limit.
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

  /** The same for what may turn out not to be needed: that can be given back while its minute lasts. */
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

  /** What is left, without taking any. */
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

  /** Returns what was granted to nobody's use; if that cannot be said, nobody has it. */
  #return(counters: SharedCounters, key: string, minute: Minute, amount: number): void {
    const { name } = minute;
    if (name === null) return;
    minute.returning = minute.returning
      .then(() => counters.takeBack(key, amount, name))
      .catch(() => undefined);
  }

  /** Asks for what is needed; or takes nothing, and sees what there is. */
  async #ask(counters: SharedCounters, key: string, minute: Minute, looks: boolean): Promise<void> {
    // Those who come in the same moment are asked for together, and what this process has returned is there again.
    await minute.returning;
    const wanted = Math.max(minute.needed - minute.held, Math.floor(minute.left * shareOfRest), 1);
    const { limit, left: leftBefore } = minute;
    const asked = looks ? 0 : Math.min(wanted, leftBefore);
    const grant = await counters.grant(key, asked, limit);
    minute.looksAt = performance.now() + lookMilliseconds;
    if (grant === null) {
      // Nobody counts for all just now: this process goes on with what was left, and no more than that.
      minute.held += asked;
      minute.left -= asked;
      return;
    }
    // What was held of a minute that is over is void.
    minute.held = (minute.name === grant.minute ? minute.held : 0) + grant.granted;
    minute.left = grant.left;
    minute.name = grant.minute;
    minute.endsAt = performance.now() + grant.milliseconds;
    // Whatever is asked for is counted, be it there or not.
    if (grant.granted < asked) this.#return(counters, key, minute, asked - grant.granted);
  }
}

/** Counters are integers: a part of one would not be counted, and still be handed out. */
function requireWhole(amount: number): void {
  if (!Number.isSafeInteger(amount)) throw new RangeError(`a quota has no part of ${amount}`);
}

/** Whether there is not enough, as far as is known, and it is too early to ask whether others have returned some. */
function isUsedUp({ held, left, asking, looksAt }: Minute, amount: number): boolean {
  return amount > held + left && asking === null && performance.now() < looksAt;
}

/** The operator changed the limit: what was taken stays taken. */
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
