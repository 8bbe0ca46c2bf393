import { asComplaint, labelled, type Complaint } from "./messages.ts";
import type { ErrorCode, Refusal } from "./refusal.ts";

/** A refusal on its way to the caller. What else is thrown is a failure of ours, and masked as INTERNAL. */
export class GatewayError extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(labelled(refusal.path ?? [], refusal.complaint));
    this.name = "GatewayError";
    this.refusal = refusal;
  }

  get code(): ErrorCode {
    return this.refusal.code;
  }
}

/** The caller sent something that cannot be used: where, and how to mend it. */
export function badInput(path: readonly string[], complaint: Complaint | string): GatewayError {
  return new GatewayError({ code: "BAD_USER_INPUT", path, complaint: asComplaint(complaint) });
}

/** The request itself cannot be used, whatever it asks for. */
export function badRequest(complaint: Complaint | string, status?: 413 | 415): GatewayError {
  return new GatewayError({
    code: "BAD_USER_INPUT",
    complaint: asComplaint(complaint),
    ...(status === undefined ? {} : { status }),
  });
}

/** The caller asks for more than is given at once: what to ask for instead. */
export function tooComplex(
  complaint: Complaint | string,
  path: readonly string[] = [],
): GatewayError {
  return new GatewayError({ code: "QUERY_TOO_COMPLEX", path, complaint: asComplaint(complaint) });
}

/** What was asked for can be had another time. */
export function unavailable(complaint: Complaint | string): GatewayError {
  return new GatewayError({ code: "UNAVAILABLE", complaint: asComplaint(complaint) });
}
