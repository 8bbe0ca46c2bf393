import { createHmac, randomBytes } from "node:crypto";

/** A secret of an endpoint: `whsec_` and 32 random bytes in base64. */
export function makeSecret(): string {
  return prefix + randomBytes(32).toString("base64");
}

/**
 * The headers by which a receiver knows a webhook, in the form of https://www.standardwebhooks.com. Each secret signs, so that
 * a receiver with the old or the new one takes it while they are rotated.
 *
 * @param id the same for each attempt of one message.
 * @param body the text as it is sent, byte for byte.
 */
export function signatureHeaders(
  id: string,
  at: Date,
  body: string,
  secrets: readonly string[],
): Record<"webhook-id" | "webhook-timestamp" | "webhook-signature", string> {
  const timestamp = String(Math.floor(at.getTime() / 1_000));
  const signatures = secrets.map((secret) => {
    const hmac = createHmac("sha256", Buffer.from(secret.replace(prefix, ""), "base64"));
    return `v1,${hmac.update(`${id}.${timestamp}.${body}`).digest("base64")}`;
  });
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
  };
}

const prefix = "whsec_";
