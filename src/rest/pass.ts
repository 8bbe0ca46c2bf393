import type { Actor } from "../auth/actor.ts";
import type { Credentials } from "../auth/authenticate.ts";
import type { Quotas } from "../limits/quotas.ts";
import { rateHeaders, tooManyRequests } from "../limits/rate-headers.ts";
import { GatewayError } from "../lib/errors.ts";
import { readId } from "../lib/id.ts";
import { wordsOf } from "../lib/messages.ts";
import { currentRecord } from "../telemetry/record.ts";
import { answerOf } from "./answer.ts";
import type { Operation } from "./face.ts";
import { Refused } from "./refusal.ts";

/** Lets a request pass when its credential is good, has requests left and belongs to the place that it names. */
export async function pass(
  headers: Headers,
  { face }: Operation,
  { credentials, quotas }: { readonly credentials: Credentials; readonly quotas: Quotas },
  setHeaders: (headers: Readonly<Record<string, string>>) => void,
): Promise<Actor> {
  const record = currentRecord();
  const found = await checked(credentials.authenticate(headers));
  if ("refused" in found) {
    if (record !== undefined) record.reason = found.refused;
    const challenge = { "www-authenticate": "Bearer" };
    const answer = answerOf(401, { error: face.words.unauthenticated }, challenge);
    throw new Refused("UNAUTHENTICATED", answer);
  }
  const { actor } = found;
  if (record !== undefined) record.actor = actor;
  const { allowed, ...left } = await quotas.takeRequest(actor);
  setHeaders(rateHeaders(left));
  if (!allowed) throw tooManyRequests(actor, left);
  if (face.needsOrganization && readId("ten", headers.get("x-organization-id") ?? "") === null) {
    const error = wordsOf({ complaint: "noOrganization" });
    throw new Refused("BAD_USER_INPUT", answerOf(400, { error }));
  }
  try {
    return await checked(credentials.agree(actor, headers));
  } catch (error) {
    if (error instanceof GatewayError && error.code === "FORBIDDEN" && record !== undefined) {
      record.reason = "another organization or department";
    }
    throw error;
  }
}

/** A credential that cannot be checked is not a wrong one: whoever has it may come again. */
async function checked<Found>(checking: Promise<Found>): Promise<Found> {
  try {
    return await checking;
  } catch (thrown) {
    if (thrown instanceof GatewayError) throw thrown;
    const error = wordsOf({ complaint: "noCredentialCheck" });
    throw new Refused("UNAVAILABLE", answerOf(503, { error }, { "retry-after": "1" }), thrown);
  }
}
