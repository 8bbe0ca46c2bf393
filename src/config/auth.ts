import { z } from "zod";

/** Who may issue tokens, and how they are checked. */
export type TokenIssuer = {
  /** What tokens say in `iss`, byte for byte. */
  readonly issuer: string;
  /** What they must say in `aud`. */
  readonly audience: string;
  /** What they are signed with. It decides the algorithms: a key set never takes an HS256 token. */
  readonly key:
    | { readonly kind: "secret"; readonly secret: string }
    | { readonly kind: "keySet"; readonly url: URL };
  /** Names of the claims that are read. */
  readonly claims: TokenClaims;
  /** Ids or slugs of the tenants that it may speak for; null for all. */
  readonly tenants: readonly string[] | null;
};

type TokenClaims = {
  readonly subject: string;
  readonly tenant: string;
  readonly scopes: string;
  readonly app: string;
};

/** How key sets are kept, in seconds. */
export type KeySetAges = {
  /** Older ones are fetched again, while the old keys go on working. */
  readonly refresh: number;
  /** Least time between two attempts that an unknown key id causes. */
  readonly cooldown: number;
  /** For how long keys work when their server cannot be reached. */
  readonly keep: number;
};

/** What credentials are checked with. */
export type AuthConfig = {
  readonly issuers: readonly TokenIssuer[];
  readonly keySets: KeySetAges;
};

const name = z
  .string("must be text")
  .min(1, "must not be empty")
  .max(255, "must be at most 255 characters");
const secret = z
  .string("must be text")
  .refine((text) => Buffer.byteLength(text) >= 32, "must have at least 32 bytes");
const url = z
  .string("must be text")
  .refine(isFetchable, "must be an https URL (http is taken on this machine only)");
const seconds = (fallback: number) =>
  z
    .string()
    .regex(/^\d{1,7}$/, "must be a whole number of seconds")
    .transform(Number)
    .default(fallback);

const listedIssuer = z.strictObject(
  {
    issuer: name,
    audience: name,
    secret: secret.optional(),
    jwksUrl: url.optional(),
    claims: z
      .strictObject({ subject: name, tenant: name, scopes: name, app: name }, "must be an object")
      .partial()
      .default({}),
    tenants: z
      .array(name, "must be a list of tenants' slugs or ids")
      .min(1, "must name a tenant; leave it out for all")
      .optional(),
  },
  { error: ({ code }) => (code === "unrecognized_keys" ? undefined : "must be an object") },
);
type ListedIssuer = z.infer<typeof listedIssuer>;

const variables = z.object({
  JWT_ISSUER: name.optional(),
  JWT_AUDIENCE: name.optional(),
  JWT_SECRET: secret.optional(),
  JWKS_URL: url.optional(),
  JWT_ISSUERS: z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        // What the parser says repeats what it read, secrets and all.
        context.addIssue({ code: "custom", message: "is not JSON" });
        return z.NEVER;
      }
    })
    .pipe(z.array(listedIssuer, "must be a list of issuers"))
    .default([]),
  JWT_CLAIM_SUBJECT: name.default("sub"),
  JWT_CLAIM_TENANT: name.default("tenant_id"),
  JWT_CLAIM_SCOPES: name.default("scopes"),
  JWT_CLAIM_APP: name.default("app_id"),
  JWKS_REFRESH_SECONDS: seconds(300),
  JWKS_COOLDOWN_SECONDS: seconds(10),
  JWKS_KEEP_SECONDS: seconds(86_400),
});

/** The variables of tokens and their issuers. */
export const authVariables = variables.transform((env, context): AuthConfig => {
  const complain = (path: (string | number)[], message: string) =>
    context.addIssue({ code: "custom", path, message });
  const claims: TokenClaims = {
    subject: env.JWT_CLAIM_SUBJECT,
    tenant: env.JWT_CLAIM_TENANT,
    scopes: env.JWT_CLAIM_SCOPES,
    app: env.JWT_CLAIM_APP,
  };
  const issuers = env.JWT_ISSUERS.flatMap((listed, index) => {
    const path = ["JWT_ISSUERS", index];
    const key = keyOf(listed.secret, listed.jwksUrl);
    if (key === null) complain(path, "needs either secret or jwksUrl");
    return key === null ? [] : [issuerOf(listed, key, claims)];
  });
  const { JWT_ISSUER, JWT_AUDIENCE, JWT_SECRET, JWKS_URL } = env;
  if ([JWT_ISSUER, JWT_AUDIENCE, JWT_SECRET, JWKS_URL].some((value) => value !== undefined)) {
    const key = keyOf(JWT_SECRET, JWKS_URL);
    if (JWT_ISSUER === undefined) complain(["JWT_ISSUER"], "is needed to take tokens");
    if (JWT_AUDIENCE === undefined) complain(["JWT_AUDIENCE"], "is needed to take tokens");
    if (key === null) complain(["JWT_SECRET"], "or JWKS_URL is needed to take tokens, not both");
    if (JWT_ISSUER !== undefined && JWT_AUDIENCE !== undefined && key !== null) {
      const single = { issuer: JWT_ISSUER, audience: JWT_AUDIENCE, claims: {} };
      issuers.unshift(issuerOf(single, key, claims));
    }
  }
  if (new Set(issuers.map(({ issuer }) => issuer)).size < issuers.length) {
    complain(["JWT_ISSUERS"], "must name each issuer once, and not the one of JWT_ISSUER");
  }
  return {
    issuers,
    keySets: {
      refresh: env.JWKS_REFRESH_SECONDS,
      cooldown: env.JWKS_COOLDOWN_SECONDS,
      keep: env.JWKS_KEEP_SECONDS,
    },
  };
});

function issuerOf(
  { issuer, audience, claims: own, tenants }: ListedIssuer,
  key: TokenIssuer["key"],
  claims: TokenClaims,
): TokenIssuer {
  const named = {
    subject: own.subject ?? claims.subject,
    tenant: own.tenant ?? claims.tenant,
    scopes: own.scopes ?? claims.scopes,
    app: own.app ?? claims.app,
  };
  return { issuer, audience, key, claims: named, tenants: tenants ?? null };
}

/** Exactly one of the two. */
function keyOf(
  ownSecret: string | undefined,
  keySet: string | undefined,
): TokenIssuer["key"] | null {
  if ((ownSecret === undefined) === (keySet === undefined)) return null;
  if (ownSecret !== undefined) return { kind: "secret", secret: ownSecret };
  return { kind: "keySet", url: new URL(keySet ?? "") };
}

/** Keys that came unprotected could be anybody's. */
function isFetchable(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  const isHere = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
  return protocol === "https:" || (protocol === "http:" && isHere);
}
