import { asComplaint, sentenceOf, type Complaint } from "../lib/messages.ts";
import type { RecordKey, Refusal } from "../lib/refusal.ts";

/** What a caller got wrong in one row of a mutation; told as data (`userErrors`), never thrown to the top. */
export type Problem = Extract<
  Refusal,
  { readonly code: "BAD_USER_INPUT" | "NOT_FOUND" | "CONFLICT" | "DUPLICATE" }
> & {
  /** Where in the input, in REST names: `["line_items", "2", "quantity"]`. */
  readonly path: readonly string[];
};

/** What is wrong, as a sentence. */
export const messageOf = ({ path, complaint }: Problem): string => sentenceOf(path, complaint);

/** The record that a conflict or a duplicate is about; null where it is about none, or the caller may not see it. */
export const recordOf = (problem: Problem): RecordKey | null =>
  "record" in problem ? (problem.record ?? null) : null;

/** A value that cannot be used: how to mend it, in words where it is said of nothing else. */
export const invalid = (path: readonly string[], complaint: Complaint | string): Problem => ({
  code: "BAD_USER_INPUT",
  path,
  complaint: asComplaint(complaint),
});

/** No such record for this caller, whatever the reason. */
export const notFound = (path: readonly string[], type: string): Problem => ({
  code: "NOT_FOUND",
  path,
  complaint: { complaint: "noSuchRecord", type },
});

/** The record is no longer what the caller read. */
export const conflict = (
  path: readonly string[],
  complaint: Complaint,
  record: RecordKey | null,
): Problem => ({ code: "CONFLICT", path, complaint, record });

/** A live record has the value already. */
export const duplicate = (
  path: readonly string[],
  complaint: Complaint | string,
  record: RecordKey | null,
): Problem => ({ code: "DUPLICATE", path, complaint: asComplaint(complaint), record });
