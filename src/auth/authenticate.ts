import type { FencedPool } from "../db/fenced-pool.ts";
import type { Actor } from "./actor.ts";
import { authenticateApiKey } from "./api-key.ts";

/**
 * Who is calling: the credential in `x-api-key` or `Authorization: Bearer`. Null when there is none, when it does
 * not work, or when there are two that might not agree.
 */
export async function authenticate(pool: FencedPool, headers: Headers): Promise<Actor | null> {
  const apiKey = headers.get("x-api-key");
  const bearer = /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1] ?? null;
  if (apiKey !== null && bearer !== null && apiKey !== bearer) return null;
  const key = apiKey ?? bearer;
  // The place for further strategies: a bearer that is no API key is a token.
  return key === null ? null : authenticateApiKey(pool, key);
}
