import type { Caller } from "../db/work.ts";
import type { SharedCounters } from "../limits/rate-limiter.ts";

/** What the processes that serve one port share. */
export type Peers = {
  /** Counts the quotas for all of them. */
  readonly counters: SharedCounters;
  /** Makes all others forget an API key that was changed here. */
  forgetKey(id: string): Promise<void>;
  /** Tells all others that a caller has written. */
  noteWrite(caller: Caller): Promise<void>;
  /** The metrics of all, in Prometheus' text format. */
  printMetrics(): Promise<string>;
  /** What the others ask of this process. */
  serve(own: {
    readonly forgetKey: (id: string) => void;
    readonly noteWrite: (caller: Caller) => void;
    /** Its metrics as prom-client gives them. */
    readonly metrics: () => Promise<unknown>;
  }): void;
};
