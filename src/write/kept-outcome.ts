import { isRecord } from "../lib/json.ts";
import type { RecordKey } from "../lib/refusal.ts";
import type { Problem } from "./problem.ts";

/** A problem as it was kept under idempotency keys while its words were kept with it. */
type WordedProblem = {
  readonly kind: "invalid" | "notFound" | "conflict" | "duplicate";
  readonly path: readonly string[];
  readonly message: string;
  readonly record: RecordKey | null;
};

const codeOf = {
  invalid: "BAD_USER_INPUT",
  notFound: "NOT_FOUND",
  conflict: "CONFLICT",
  duplicate: "DUPLICATE",
} as const;

/**
 * What a step led to, as it is told today: a gateway of before may have kept it, and then its problems hold sentences in
 * place of complaints. A kept outcome is as old as `keptHours` at most.
 */
export function readOutcome(kept: unknown): unknown {
  if (Array.isArray(kept)) return kept.map(readOutcome);
  if (!isRecord(kept) || !Array.isArray(kept["problems"])) return kept;
  return { ...kept, problems: kept["problems"].map((one) => (isWorded(one) ? told(one) : one)) };
}

function isWorded(problem: unknown): problem is WordedProblem {
  return isRecord(problem) && typeof problem["message"] === "string";
}

function told({ kind, path, message, record }: WordedProblem): Problem {
  const said = { path, complaint: { complaint: "whole", text: message } } as const;
  const code = codeOf[kind];
  return code === "CONFLICT" || code === "DUPLICATE"
    ? { code, ...said, record }
    : { code, ...said };
}
