import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Asking } from "../db/prepared-texts.ts";
import { isStale } from "../db/statement.ts";
import type { Transaction } from "../db/transaction.ts";
import { unavailable } from "../lib/errors.ts";
import { raw } from "../lib/sql.ts";
import type { WriteContext } from "./context.ts";
import { claimStep, recordStep } from "./idempotency.ts";
import { WriteUnit } from "./unit.ts";

const maxAttempts = 8;

/** What another transaction did in the meantime: run again, it is seen. Unique violations come from races too. */
const raceStates: ReadonlySet<string> = new Set(["40001", "40P01", "23505"]);

/** What is to be done in one transaction. */
type Job<Outcome> = {
  readonly work: (unit: WriteUnit) => Promise<Outcome>;
  /** What an error led to, when it says that nothing may be written because of what the caller got wrong. */
  readonly refused: (error: unknown) => Outcome | null;
  /** Called before each attempt, outside of any transaction. */
  readonly beforeAttempt?: () => Promise<void>;
  /** Called with the outcome of `work` before the commit. */
  readonly readBehind?: (outcome: Outcome, read: Transaction["readBehind"]) => void;
};

/**
 * Runs a write in one transaction: domain rows, derived fields, change events and the idempotency record together.
 * What was lost to a race is run again, a bounded number of times. `Outcome` is kept as JSON under the request's
 * idempotency key, and given again when the same step comes again.
 */
export async function runWrite<Outcome>(
  context: WriteContext,
  job: Job<Outcome>,
): Promise<Outcome> {
  /** Whether the last attempt met a connection that did not have a statement as it should be. */
  let isStaleThere = false;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await job.beforeAttempt?.();
      return await attemptWrite(context, job, isStaleThere ? "afresh" : "usual");
    } catch (error) {
      isStaleThere = isStale(error);
      if (!isRace(error)) {
        const refusal = job.refused(error);
        if (refusal === null) throw error;
        return refusal;
      }
      if (attempt === maxAttempts) {
        throw unavailable("Too many others are writing the same records just now; try again.");
      }
      if (!isStaleThere) await sleep(Math.random() * Math.min(2 ** attempt, 100));
    }
  }
}

function attemptWrite<Outcome>(
  { actor, catalog, pool, idempotent, skipsUnchanged }: WriteContext,
  { work, refused, readBehind }: Job<Outcome>,
  asking: Asking,
): Promise<Outcome> {
  const attempt = async (transaction: Transaction): Promise<Outcome> => {
    const unit = new WriteUnit(transaction, { actor, catalog, skipsUnchanged });
    const carryOut = async (): Promise<Outcome> => {
      const done = await work(unit);
      unit.finish();
      readBehind?.(done, transaction.readBehind);
      return done;
    };
    if (idempotent === null) return carryOut();
    const done = await claimStep(unit, idempotent);
    // It is what `work` gave when the step was carried out.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    if (done !== null) return done.outcome as Outcome;
    unit.send(raw("SAVEPOINT work"));
    let outcome: Outcome;
    try {
      outcome = await carryOut();
    } catch (error) {
      const refusal = refused(error);
      if (refusal === null || error instanceof pg.DatabaseError) throw error;
      // A refusal is kept too, under the same lock: nobody carries the same request out meanwhile.
      unit.send(raw("ROLLBACK TO SAVEPOINT work"));
      outcome = refusal;
    }
    recordStep(unit, idempotent, outcome);
    return outcome;
  };
  return pool.transaction(actor.tenantId, attempt, { asking });
}

/** The rows changed between being read and being locked: the transaction starts anew. */
export class Raced extends Error {
  constructor() {
    super("lost a race");
    this.name = "Raced";
  }
}

function isRace(error: unknown): boolean {
  return (
    error instanceof Raced ||
    isStale(error) ||
    (error instanceof pg.DatabaseError && raceStates.has(error.code ?? ""))
  );
}
