import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import { isUuid } from "../lib/id.ts";

/** `crm_<env>_<id>_<secret>`: the id finds the row, the secret proves the caller. */
const keyPattern = /^crm_([a-z]{1,16})_([0-9a-f-]{36})_([0-9a-f]{48})$/;
const maxKeyLength = 120;

/** What an API key says of itself. */
type KeyParts = {
  readonly environment: string;
  /** Bare UUID. */
  readonly id: string;
  readonly secret: string;
};

/** Takes a key apart; null for text that cannot be one. */
export function readApiKey(text: string): KeyParts | null {
  const [, environment, id, secret] =
    (text.length <= maxKeyLength ? keyPattern.exec(text) : null) ?? [];
  if (environment === undefined || id === undefined || secret === undefined) return null;
  return isUuid(id) ? { environment, id, secret } : null;
}

/** A hash that no secret has: an unknown key takes the same comparison as a known one. */
const noHash = Buffer.alloc(32);

/** Whether the secret is the one whose hash is stored, compared in constant time. */
export function isSecretOf(secret: string, stored: Buffer | undefined): boolean {
  return timingSafeEqual(hashSecret(secret), stored ?? noHash);
}

/** A new secret: the whole key, to be shown once, and the hash that is kept of it. */
export function makeSecret(environment: string, id: string): { key: string; hash: Buffer } {
  const secret = randomBytes(24).toString("hex");
  return { key: `crm_${environment}_${id}_${secret}`, hash: hashSecret(secret) };
}

/** What is stored of a secret. It is 192 random bits, so a plain hash cannot be guessed back. */
function hashSecret(secret: string): Buffer {
  // The detour by a text is five times as fast as Node's own buffer.
  return Buffer.from(hash("sha256", secret, "hex"), "hex");
}
