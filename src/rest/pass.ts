import type { Actor } from "../auth/actor.ts";
import type { Gate, NoPassage } from "../gate/gate.ts";
import type { RequestContext } from "../gate/request-context.ts";
import { GatewayError } from "../lib/errors.ts";
import { wordsOf } from "../lib/messages.ts";
import { answerOf } from "./answer.ts";
import type { AnyOperation, Face } from "./face.ts";
import { Refused } from "./error-answers.ts";

/**
 * Lets a request pass the gate.
 *
 * @throws what it is refused for, in the words of its face
 */
export async function pass(
  context: RequestContext,
  { face }: Pick<AnyOperation, "face">,
  gate: Gate,
): Promise<Actor> {
  const passage = await gate.pass(context, face);
  if (passage.kind === "passed") return passage.actor;
  throw refused(passage, face);
}

function refused(passage: NoPassage, { words }: Face): Error {
  switch (passage.kind) {
    case "unauthenticated": {
      const challenge = { "www-authenticate": "Bearer" };
      const answer = answerOf(401, { error: words.unauthenticated }, challenge);
      return new Refused("UNAUTHENTICATED", answer);
    }
    case "unchecked":
      return unchecked(passage.cause);
    case "noOrganization": {
      const error = wordsOf({ complaint: "noOrganization" });
      return new Refused("BAD_USER_INPUT", answerOf(400, { error }));
    }
    default:
      return passage.error;
  }
}

/** A credential that cannot be checked is not a wrong one: whoever has it may come again. */
function unchecked(cause: unknown): Error {
  if (cause instanceof GatewayError) return cause;
  const error = wordsOf({ complaint: "noCredentialCheck" });
  return new Refused("UNAVAILABLE", answerOf(503, { error }, { "retry-after": "1" }));
}
