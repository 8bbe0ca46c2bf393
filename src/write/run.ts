import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { GatewayError } from "../lib/errors.ts";
import type { WriteContext } from "./context.ts";
import { claimStep, recordStep } from "./idempotency.ts";
import { WriteUnit } from "./unit.ts";

const maxAttempts = 8;

/** What another transaction did in the meantime: run again, it is seen. Unique violations come from races too. */
const raceStates: ReadonlySet<string> = new Set(["40001", "40P01", "23505", "55P03"]);

/**
 * Runs a write in one transaction: domain rows, derived fields, change events and the idempotency record together.
 * What was lost to a race is run again, a bounded number of times. `Outcome` is kept as JSON under the request's
 * idempotency key, and given again when the same step comes again.
 */
export async function runWrite<Outcome>(
  context: WriteContext,
  work: (unit: WriteUnit) => Promise<Outcome>,
): Promise<Outcome> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attemptWrite(context, work);
    } catch (error) {
      if (!isRace(error)) throw error;
      if (attempt === maxAttempts) {
        throw new GatewayError(
          "UNAVAILABLE",
          "Too many others are writing the same records just now; try again.",
        );
      }
      await sleep(Math.random() * Math.min(2 ** attempt, 100));
    }
  }
}

function attemptWrite<Outcome>(
  { actor, catalog, pool, idempotent }: WriteContext,
  work: (unit: WriteUnit) => Promise<Outcome>,
): Promise<Outcome> {
  return pool.transaction(actor.tenantId, async (transaction) => {
    const unit = new WriteUnit(transaction, { actor, catalog });
    if (idempotent !== null) {
      const done = await claimStep(unit, idempotent);
      // It is what `work` gave when the step was carried out.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      if (done !== null) return done.outcome as Outcome;
    }
    const outcome = await work(unit);
    unit.finish();
    if (idempotent !== null) recordStep(unit, idempotent, outcome);
    return outcome;
  });
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
    (error instanceof pg.DatabaseError && raceStates.has(error.code ?? ""))
  );
}
