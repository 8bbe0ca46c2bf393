import { randomFillSync } from "node:crypto";
import { v7 } from "uuid";

/** Random bytes for the next ids: asking the system for each costs more than making it. */
const pool = new Uint8Array(4_096);
const bytesOfId = 16;

let used = pool.length;
let lastMilliseconds = 0;
let sequence = 0;

/** A new id: a UUID of version 7, greater than those before it in this process. */
export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.subarray(used, (used += bytesOfId));
  const now = Date.now();
  if (now > lastMilliseconds) {
    lastMilliseconds = now;
    // 31 of its 32 bits, so that there is room to count.
    const [a = 0, b = 0, c = 0, d = 0] = random;
    sequence = ((a & 0x7f) << 24) | (b << 16) | (c << 8) | d;
  } else {
    sequence = (sequence + 1) | 0;
    if (sequence === 0) lastMilliseconds += 1;
  }
  return v7({ random, msecs: lastMilliseconds, seq: sequence });
}
