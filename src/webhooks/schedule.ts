/** How deliveries are tried, and for how long. */
export type Schedule = {
  /** The pauses before each attempt, the first one's first, in milliseconds. */
  readonly pauses: readonly number[];
  /** The part of a pause, at most, that is added to it at random. */
  readonly jitter: number;
  /** An endpoint that only fails for this time is switched off. */
  readonly failingMilliseconds: number;
  /** The longest wait that an endpoint may ask for by Retry-After. */
  readonly maxRetryAfter: number;
  /** How often endpoints with something to do are looked for, beside those that a commit wakes. */
  readonly lookMilliseconds: number;
  /** How long one request may take. */
  readonly requestMilliseconds: number;
  /** How much longer a delivery is leased than its request may take: the time to write its outcome. */
  readonly marginMilliseconds: number;
  /** The most requests to one endpoint at once, over all processes. */
  readonly atOnce: number;
  /** The most deliveries of an endpoint that wait; further events stay in the log until then. */
  readonly maxWaiting: number;
};

const [second, minute, hour] = [1_000, 60_000, 3_600_000];

/** The schedule that Standard Webhooks recommends. */
export const usualSchedule: Schedule = {
  pauses: [
    0,
    5 * second,
    5 * minute,
    30 * minute,
    2 * hour,
    5 * hour,
    10 * hour,
    14 * hour,
    20 * hour,
    24 * hour,
  ],
  jitter: 0.1,
  failingMilliseconds: 5 * 24 * hour,
  maxRetryAfter: 24 * hour,
  lookMilliseconds: second,
  requestMilliseconds: 15 * second,
  marginMilliseconds: 15 * second,
  atOnce: 20,
  maxWaiting: 10_000,
};

/** The statuses whose Retry-After is obeyed. */
const busy: ReadonlySet<number | null> = new Set([429, 503]);

/**
 * Milliseconds until the next attempt after a failure, `attempts` being how many there were; null after the last one. An
 * endpoint that is busy may ask for more, and not for less.
 */
export function pauseAfter(
  schedule: Schedule,
  attempts: number,
  answer: { readonly httpStatus: number | null; readonly retryAfter: number | null },
  random: () => number = Math.random,
): number | null {
  const pause = schedule.pauses[attempts];
  if (pause === undefined) return null;
  const asked = busy.has(answer.httpStatus) ? (answer.retryAfter ?? 0) : 0;
  const usual = pause * (1 + schedule.jitter * random());
  return Math.round(Math.max(usual, Math.min(asked, schedule.maxRetryAfter)));
}
