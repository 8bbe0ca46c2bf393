import { retryAfterOf } from "./errors.ts";

/** Timers hold no more milliseconds than this; they would ring at once. */
const longestTimer = 2 ** 31 - 1;
const firstBackOff = 500;
const longestBackOff = 8_000;

/** Resolves after so many milliseconds, or rejects with the signal's reason. */
export function wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", end);
      resolve();
    }, milliseconds);
    if (signal?.aborted) end();
    else signal?.addEventListener("abort", end, { once: true });
  });
}

/**
 * How long to wait before the next attempt, in milliseconds: what the server asks for, else twice as long each time.
 * Chance keeps callers that failed together from coming back together.
 */
export function delayBefore(retry: number, headers: Headers | null): number {
  const asked = retryAfterOf(headers);
  if (asked !== null) return asked;
  return Math.min(longestBackOff, firstBackOff * 2 ** (retry - 1)) * (0.5 + Math.random() / 2);
}

/** A signal that fires with the caller's or after so many milliseconds. `AbortSignal.any` is newer than Node 18. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #abort = (): void => this.#controller.abort(this.#outer?.reason);
  /** Whether the time was over before the caller ended the call. */
  isOver = false;

  constructor(outer: AbortSignal | undefined, milliseconds: number) {
    this.#outer = outer;
    outer?.addEventListener("abort", this.#abort, { once: true });
    if (outer?.aborted) this.#abort();
    else if (milliseconds <= longestTimer) {
      this.#timer = setTimeout(() => {
        this.isOver = true;
        this.#controller.abort();
      }, milliseconds);
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Lets go of the timer; the caller's signal stays. */
  stopTimer(): void {
    clearTimeout(this.#timer);
  }

  /** Lets go of the timer and of the caller's signal. */
  clear(): void {
    this.stopTimer();
    this.#outer?.removeEventListener("abort", this.#abort);
  }
}
