import type { Caller } from "../db/work.ts";
import type { SharedCounters } from "../limits/rate-limiter.ts";

/** The state that the processes of one port share. */
export type Peers = {
  /** Counts the quotas for all of them. */
  readonly counters: SharedCounters;
  /** Makes all others forget an API key that was changed here. */
  forgetKey(id: string): Promise<void>;
  /** Reports a caller's write to all others. */
  noteWrite(caller: Caller): Promise<void>;
  /** The metrics of all, in Prometheus' text format. */
  printMetrics(): Promise<string>;
  /** Sets the functions of this process that the others call. */
  serve(own: {
    readonly forgetKey: (id: string) => void;
    readonly noteWrite: (caller: Caller) => void;
    /** Its metrics as prom-client gives them. */
    readonly metrics: () => Promise<unknown>;
  }): void;
};
