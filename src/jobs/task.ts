import type { z } from "zod";

/** What is known of the process that runs a job. */
export type Run = {
  /** Aborted when the process is to end: a job that is long ends soon then, and adds what is left as a job again. */
  readonly stopping: AbortSignal;
};

/** A kind of job: its name, and the work that is done for each of its payloads. */
export type Task = {
  readonly name: string;
  readonly run: (payload: unknown, run: Run) => Promise<void>;
};

/** A job that is to run once, or again after a failure. */
export type Job = {
  /** The name of its task. */
  readonly task: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** A job that waits under the same key is replaced. One that runs is not: the new one runs behind or beside it. */
  readonly key?: string;
  /** Jobs of one queue run one after the other. */
  readonly queue?: string;
  /** When it runs first; at once unless given. */
  readonly runAt?: Date;
  /** How often it is tried, with growing pauses; 25 times (some three days) unless given. */
  readonly attempts?: number;
};

/** Declares a task. A payload that is not what its schema says fails the job, and is in the engine's table with the reason. */
export function defineTask<Payload>(task: {
  readonly name: string;
  readonly payload: z.ZodType<Payload>;
  readonly run: (payload: Payload, run: Run) => Promise<void>;
}): Task {
  return {
    name: task.name,
    run: async (payload, run) => await task.run(task.payload.parse(payload), run),
  };
}
