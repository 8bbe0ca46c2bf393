import { createSecretKey, type KeyObject } from "node:crypto";
import { decodeJwt, errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from "jose";
import type { Logger } from "pino";
import type { AuthConfig, TokenIssuer } from "../config/auth.ts";
import type { FencedPool } from "../db/fenced-pool.ts";
import { asOwnWork } from "../db/work.ts";
import { GatewayError } from "../lib/errors.ts";
import { formatId, readId } from "../lib/id.ts";
import { isStorable } from "../lib/text.ts";
import type { Authentication } from "./authentication.ts";
import { FreshCache } from "./fresh-cache.ts";
import { KeySet } from "./key-set.ts";
import { isScope, type Scope } from "./scopes.ts";

/** A header of Node's holds 16 KB; a token of that size is no token. */
const maxTokenLength = 8 * 1_024;
/** How far the clocks of issuers may be off, in seconds. */
const clockTolerance = 5;
/** The most keys of one kind that are tried when a token does not name its key. */
const maxTried = 5;
const tenantAge = 5_000;
const maxTenants = 10_000;
/** The last second of the year 9999. What is later was meant in milliseconds, and would never end. */
const lastSecond = 253_402_300_799;

/** The algorithms of published keys. Of a secret it is HS256, so neither is ever taken for the other. */
const publicAlgorithms = ["RS256", "PS256", "ES256", "EdDSA"];
/** What a token may call itself; others (`logout+jwt`, `dpop+jwt`, …) are signed by the same keys for another use. */
const tokenTypes: ReadonlySet<string> = new Set(["jwt", "at+jwt"]);

type Checker = TokenIssuer & {
  readonly options: JWTVerifyOptions;
  readonly verifyKey: KeyObject | KeySet["keyFor"];
};
type Tenant = { readonly id: string; readonly slug: string };

type TokensOptions = AuthConfig & {
  readonly pool: FencedPool;
  readonly logger: Pick<Logger, "info" | "warn">;
};

/** Bearer tokens (JWT) of the configured issuers. */
export class Tokens {
  readonly #issuers: ReadonlyMap<string, Checker>;
  readonly #tenants: FreshCache<Tenant>;

  constructor({ issuers, keySets, pool, logger }: TokensOptions) {
    this.#issuers = new Map(
      issuers.map((issuer) => [issuer.issuer, checkerOf(issuer, { ages: keySets, logger })]),
    );
    this.#tenants = new FreshCache({
      max: maxTenants,
      maxAge: tenantAge,
      load: async (id) => {
        const [row] = await asOwnWork(() =>
          pool.forTenant(id).rows("SELECT slug FROM tenants WHERE id = $1", [id]),
        );
        return row === undefined ? null : { id, slug: row[0] ?? "" };
      },
    });
  }

  /**
   * Whom a token stands for, if it works.
   *
   * @throws GatewayError UNAVAILABLE when the issuer's keys cannot be had.
   */
  async authenticate(token: string): Promise<Authentication> {
    if (token.length > maxTokenLength) return { refused: "a token that is too long" };
    let claimed: unknown;
    try {
      claimed = decodeJwt(token).iss;
    } catch {
      return { refused: "neither an API key nor a token" };
    }
    // Not proven yet: it only says whose key has to.
    const issuer = typeof claimed === "string" ? this.#issuers.get(claimed) : undefined;
    if (issuer === undefined) return { refused: "a token of an unknown issuer" };
    let claims: JWTPayload;
    try {
      claims = await verify(token, issuer);
    } catch (error) {
      if (error instanceof GatewayError) throw error;
      return { refused: `a token that does not hold: ${reasonOf(error)}` };
    }
    return this.#actorOf(claims, issuer);
  }

  async #actorOf(
    claims: JWTPayload,
    { issuer, claims: names, tenants }: TokenIssuer,
  ): Promise<Authentication> {
    const subject = readName(claim(claims, names.subject));
    if (subject == null || isOurs(subject)) {
      return { refused: "a token without a usable subject" };
    }
    const { exp = 0 } = claims;
    if (exp > lastSecond) return { refused: "a token whose expiry is not in seconds" };
    const scopes = readScopes(claim(claims, names.scopes) ?? claim(claims, "scope"));
    if (scopes === null) return { refused: "a token with unreadable scopes" };
    const appId = readName(claim(claims, names.app));
    if (appId === undefined) return { refused: "a token without a usable application" };
    const tenantClaim = claim(claims, names.tenant);
    const tenantId = typeof tenantClaim === "string" ? readId("ten", tenantClaim) : null;
    const tenant = tenantId === null ? null : await this.#tenants.get(tenantId);
    if (tenant === null) return { refused: "a token without a known tenant" };
    const own = [tenant.slug, tenant.id, formatId("ten", tenant.id)];
    if (tenants !== null && !own.some((text) => tenants.includes(text))) {
      return { refused: "a token for a tenant that is not its issuer's" };
    }
    return {
      actor: {
        kind: "user",
        id: subject,
        issuer,
        tenantId: tenant.id,
        scopes,
        appId,
        departmentId: null,
        expiresAt: new Date(exp * 1_000),
        requestsPerMinute: null,
      },
    };
  }
}

function checkerOf(
  issuer: TokenIssuer,
  { ages, logger }: { ages: AuthConfig["keySets"]; logger: TokensOptions["logger"] },
): Checker {
  const options = { issuer: issuer.issuer, audience: issuer.audience, requiredClaims: ["exp"] };
  if (issuer.key.kind === "secret") {
    return {
      ...issuer,
      options: { ...options, clockTolerance, algorithms: ["HS256"] },
      verifyKey: createSecretKey(issuer.key.secret, "utf8"),
    };
  }
  const keySet = new KeySet({ url: issuer.key.url, ages, logger });
  // So that the first caller need not wait, and an outage a moment later is not noticed.
  void keySet.fetch();
  return {
    ...issuer,
    options: { ...options, clockTolerance, algorithms: publicAlgorithms },
    verifyKey: keySet.keyFor,
  };
}

/** The claims, if signature, times, issuer and audience hold. Keys come from the issuer only, whatever the header says. */
async function verify(token: string, { options, verifyKey }: Checker): Promise<JWTPayload> {
  const { payload, protectedHeader } =
    typeof verifyKey === "function"
      ? await jwtVerify(token, verifyKey, options).catch((error: unknown) =>
          verifyWithAny(token, error, options),
        )
      : await jwtVerify(token, verifyKey, options);
  // jose knows one extension; access tokens need none.
  if (protectedHeader.crit !== undefined) throw new errors.JOSENotSupported("crit");
  const type = (protectedHeader.typ ?? "jwt").toLowerCase().replace(/^application\//, "");
  if (!tokenTypes.has(type)) throw new errors.JOSENotSupported("typ");
  return payload;
}

/** A token that names no key may be signed by any that fits. */
async function verifyWithAny(token: string, reason: unknown, options: JWTVerifyOptions) {
  if (!(reason instanceof errors.JWKSMultipleMatchingKeys)) throw reason;
  let tried = 0;
  for await (const key of reason) {
    if (++tried > maxTried) break;
    try {
      return await jwtVerify(token, key, options);
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw new errors.JWSSignatureVerificationFailed();
}

/** A code, or the claim that is wrong: no text of the token's own. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed) return `claim ${error.claim}`;
  return error instanceof errors.JOSEError ? error.code : "unexpected";
}

/** A claim of the token's own, not one that every object has. */
function claim(claims: JWTPayload, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

const maxNameLength = 255;

/**
 * Stamps hold a caller's `sub`, a key's id, or the name of what is ours: nobody may pass for one of those, however the
 * letters are written.
 */
function isOurs(subject: string): boolean {
  const plain = subject.normalize("NFKC").toLowerCase();
  return /^(cli|system|key-.*)$/s.test(plain) || readId("key", plain) !== null;
}

/** Characters that nobody sees, or that show others elsewhere: such a name could pass for another one. */
const invisible = /[\p{C}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\u2800]|(?! )\p{Zs}/u;

/** Text that names somebody; null when nothing is said, undefined when it cannot be used. */
function readName(value: unknown): string | null | undefined {
  if (value === undefined || value === null) return null;
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  const isUsable = text !== "" && text.length <= maxNameLength && isStorable(text);
  return isUsable && !invisible.test(text) ? text : undefined;
}

/** A list of scopes, or text with blanks between them (RFC 8693); unknown ones open nothing. Null for anything else. */
function readScopes(value: unknown): readonly Scope[] | null {
  if (value === undefined || value === null) return [];
  const listed: unknown = typeof value === "string" ? value.split(/ +/) : value;
  if (!Array.isArray(listed)) return null;
  const texts = listed.filter((scope) => typeof scope === "string");
  return texts.length === listed.length ? [...new Set(texts)].filter(isScope) : null;
}
