import type { Scope } from "./scopes.ts";

/** Who is calling, as the credential says. Everything a request may see or do follows from this. */
export type Actor = {
  readonly kind: "apiKey" | "user";
  /** What actor stamps hold: the API key's public id, or a token's `sub`. */
  readonly id: string;
  /** Who vouches for a token's `sub`; absent for API keys, whose ids are unique. */
  readonly issuer?: string;
  readonly tenantId: string;
  readonly scopes: readonly Scope[];
  /** The credential was issued for this application: it reads only that application's rows. */
  readonly appId: string | null;
  readonly departmentId: string | null;
  /** When the credential stops working; null for never. */
  readonly expiresAt: Date | null;
  /** Its quota; null for the default. */
  readonly requestsPerMinute: number | null;
  /** The default, for an API key. */
  readonly defaultRequestsPerMinute?: number;
  /** A key in whose minutes others count, or that counts in another's: whose they are, its own first. */
  readonly quotas?: readonly QuotaOwner[];
};

/** A key whose minute is drawn on: its bare UUID, and its quota of requests; null for the default. */
export type QuotaOwner = { readonly id: string; readonly requestsPerMinute: number | null };
