import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

const requestIdPattern = /^[\w.-]{1,64}$/;

/**
 * The id of a request in the answer, the log and the traces. Only a proxy of the operator's own may choose it: whoever
 * can is able to write into the log, or to hide behind somebody else's id.
 */
export function requestIdOf({ headers }: IncomingMessage, trustProxy: boolean): string {
  const given = headers["x-request-id"];
  if (trustProxy && typeof given === "string" && requestIdPattern.test(given)) return given;
  return randomUUID();
}

/** The address that a request came from; behind a proxy the one that the proxy has seen, which it adds as the last. */
export function addressOf({ headers, socket }: IncomingMessage, trustProxy: boolean): string {
  const address = socket.remoteAddress ?? "unknown";
  if (!trustProxy) return address;
  const forwarded = [headers["x-forwarded-for"] ?? []].flat().join(",").split(",").at(-1)?.trim();
  return forwarded !== undefined && isIP(forwarded) !== 0 ? forwarded : address;
}
