import type { Plugin } from "graphql-yoga";
import type { Logger } from "pino";
import type { Credentials } from "../../auth/authenticate.ts";
import { GatewayError } from "../../lib/errors.ts";
import { httpStatusOf } from "../../lib/refusal.ts";
import { currentRecord } from "../../telemetry/record.ts";
import { bodyOf, findActor, refuseUnchecked, refusing, setActor } from "./use-authentication.ts";
import { isOverQuota } from "./use-quotas.ts";

/** Holds the organization and department that a request names against its credential: after it was counted. */
export function usePlaces(
  credentials: Credentials,
  logger: Logger,
  requestIdOf: (request: Request) => string,
): Plugin {
  return {
    async onRequest({ request, endResponse, fetchAPI }) {
      const actor = findActor(request);
      if (actor === undefined || isOverQuota(request)) return;
      const refuse = refusing(request, fetchAPI, endResponse);
      try {
        setActor(request, await credentials.agree(actor, request.headers));
      } catch (thrown) {
        if (!(thrown instanceof GatewayError) || thrown.code !== "FORBIDDEN") {
          refuseUnchecked(thrown, refuse, logger, requestIdOf(request));
          return;
        }
        const record = currentRecord();
        if (record !== undefined) record.reason = "another organization or department";
        refuse(httpStatusOf.FORBIDDEN, bodyOf(thrown.message, { code: thrown.code }), {});
      }
    },
  };
}
