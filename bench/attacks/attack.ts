// What an attack is given, and how it tells what it got.
import type { Database } from "../../src/db/database.ts";
import { percentiles } from "../measure.ts";

export type Attack = {
  /** The point of the report that it is of. */
  readonly point: number;
  readonly name: string;
  readonly tenant: TenantName;
  /** So many keys of that tenant; one unless said. */
  readonly keys?: number;
  /** Of each key; the default quota unless said. */
  readonly requestsPerMinute?: number;
  /** Attacks until the signal comes. */
  run(place: Place): Promise<void>;
};

/**
 * `big` has some 200,000 rows and statistics. `wide` has one account with 1,000 deals, and accounts with long texts. `fresh`
 * came after the last ANALYZE. `calm` is the tenant of the caller whose latency counts.
 */
export type TenantName = "big" | "wide" | "fresh" | "calm";

export type Place = {
  readonly port: number;
  readonly keys: readonly string[];
  readonly signal: AbortSignal;
  readonly tally: Tally;
  readonly database: Database;
};

/** What came of the requests of an attack: how often, how long it took, how long the longest answer was. */
export class Tally {
  readonly #kinds = new Map<string, { times: number[]; bytes: number }>();

  add(kind: string, milliseconds?: number, bytes = 0): void {
    const known = this.#kinds.get(kind) ?? { times: [], bytes: 0 };
    if (milliseconds !== undefined) known.times.push(milliseconds);
    else known.times.push(Number.NaN);
    known.bytes = Math.max(known.bytes, bytes);
    this.#kinds.set(kind, known);
  }

  lines(): string[] {
    return [...this.#kinds].map(([kind, { times, bytes }]) => {
      const known = times.filter((time) => !Number.isNaN(time));
      const took = known.length === 0 ? "" : `, ${percentiles(known)}`;
      const size = bytes < 1e6 ? "" : `, up to ${(bytes / 1e6).toFixed(1)} MB`;
      return `${times.length} × ${kind}${took}${size}`;
    });
  }
}
