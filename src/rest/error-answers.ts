import { troubleOf } from "../db/trouble.ts";
import { GatewayError } from "../lib/errors.ts";
import { asComplaint, wordsOf, type Complaint } from "../lib/messages.ts";
import { httpStatusOf, type ErrorCode } from "../lib/refusal.ts";
import { inWords, shortened } from "../lib/text.ts";
import { answerOf, type Answer } from "./answer.ts";
import type { AnyOperation, Resource } from "./face.ts";

/** One thing that is wrong with what was sent: where, in the names of the face, and how to mend it. */
export type Issue = { readonly path: string; readonly message: string };

/** An issue in words that need no place before them: it is beside them. */
export const issueOf = (path: string, complaint: Complaint | string): Issue => ({
  path,
  message: wordsOf(asComplaint(complaint)),
});

/** So many issues are told, and so much of each: they quote what was sent, which may be a megabyte of nonsense. */
const maxIssues = 100;
const maxPath = 200;
const maxMessage = 700;

/** Something is wrong with what was sent. */
export function invalid(issues: readonly Issue[]): Answer {
  const told = issues.slice(0, maxIssues).map(({ path, message }) => ({
    path: shortened(path, maxPath),
    message: shortened(message, maxMessage),
  }));
  const left = issues.length - told.length;
  if (left > 0) told.push({ path: "", message: `There are ${left} more; mend these first.` });
  return answerOf(400, { error: wordsOf({ complaint: "invalidPayload" }), issues: told });
}

/** There is no such record for this caller, whatever the reason. */
export function notFound(resource: Resource): Answer {
  return answerOf(404, { error: notFoundText(resource) });
}

/** What is said of a record that is not there. */
export function notFoundText({ noun }: Resource): string {
  return wordsOf({ complaint: "recordNotFound", noun: spoken(noun) });
}

/** `IntegrationCustomer` is a customer for those who ask for it, and `LineItem` a line item. */
export function spoken(noun: string): string {
  return inWords(noun.replace(/^Integration/, ""));
}

/** A method that a path does not have; these it has. */
export function noSuchMethod(allow: string): Answer {
  const error = `There is no such method at this path; there are ${allow}.`;
  return answerOf(405, { error }, { allow });
}

/** Nothing is there. */
export const nothingServed = answerOf(404, { error: "Nothing is served at this path; see /docs." });

/** An answer that ends a request before it has come to its operation, or instead of that. */
export class Refused extends Error {
  readonly answer: Answer;
  readonly code: ErrorCode;

  constructor(code: ErrorCode, answer: Answer) {
    super(code);
    this.name = "Refused";
    this.answer = answer;
    this.code = code;
  }
}

/** What a caller is told of whatever was thrown, and whether that was ours to log. */
type Told = {
  readonly answer: Answer;
  readonly code: ErrorCode;
  readonly missingScopes: readonly string[];
  readonly isUnexpected: boolean;
};

/** What of an operation the words of its refusals depend on. */
export type ToldOperation = Pick<AnyOperation, "face" | "verb">;

/** Turns whatever was thrown into an answer in the words of the face. */
export function tell(thrown: unknown, operation: ToldOperation, requestId: string): Told {
  const expected = (answer: Answer, code: ErrorCode): Told => ({
    answer,
    code,
    missingScopes: [],
    isUnexpected: false,
  });
  if (thrown instanceof Refused) return expected(thrown.answer, thrown.code);
  const known = thrown instanceof GatewayError ? thrown : troubleOf(thrown);
  if (known !== null) {
    const { refusal } = known;
    return {
      ...expected(gatewayAnswer(known), known.code),
      missingScopes: refusal.code === "FORBIDDEN" ? (refusal.missingScopes ?? []) : [],
      isUnexpected: known !== thrown && known.code === "UNAVAILABLE",
    };
  }
  const { failure } = operation.face.words;
  const body =
    failure === null
      ? { error: wordsOf({ complaint: "failed" }), request_id: requestId }
      : { error: failure(operation.verb) };
  return { answer: answerOf(500, body), code: "INTERNAL", missingScopes: [], isUnexpected: true };
}

function gatewayAnswer({ refusal, message }: GatewayError): Answer {
  const status = httpStatusOf[refusal.code];
  switch (refusal.code) {
    case "BAD_USER_INPUT":
      return refusal.status === undefined
        ? invalid([{ path: (refusal.path ?? []).join("."), message }])
        : answerOf(refusal.status, { error: message });
    case "QUERY_TOO_COMPLEX":
      return invalid([{ path: (refusal.path ?? []).join("."), message }]);
    case "FORBIDDEN": {
      const { missingScopes } = refusal;
      return missingScopes === undefined
        ? answerOf(status, { error: message })
        : answerOf(status, { error: wordsOf({ complaint: "keyLacksScopes" }), missingScopes });
    }
    case "RATE_LIMITED": {
      const { limit, window, retryAfter, complaint } = refusal;
      const quota = complaint.complaint === "pointsUsedUp" ? "points" : "rate";
      const error = wordsOf({ complaint: "usedUp", owner: complaint.owner, quota });
      return answerOf(status, { error, limit, window }, { "retry-after": String(retryAfter) });
    }
    case "UNAVAILABLE": {
      const { retryAfter = 1 } = refusal;
      return answerOf(status, { error: message }, { "retry-after": String(retryAfter) });
    }
    default:
      return answerOf(status, { error: message });
  }
}
