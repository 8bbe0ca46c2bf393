import { SignJWT } from "jose";
import type { TokenIssuer } from "../config/auth.ts";

/** What a made token says. */
type MintOptions = {
  readonly issuer: TokenIssuer;
  readonly secret: string;
  readonly tenantId: string;
  readonly subject: string;
  readonly scopes: readonly string[];
  readonly appId: string | undefined;
  /** Milliseconds from now. */
  readonly lifetime: number;
};

/** A token as the issuer would make it, for development: its secret is ours too. */
export function mintToken(options: MintOptions): Promise<string> {
  const { issuer, secret, tenantId, subject, scopes, appId, lifetime } = options;
  const { claims } = issuer;
  const now = Math.floor(Date.now() / 1_000);
  return new SignJWT({
    [claims.subject]: subject,
    [claims.tenant]: tenantId,
    [claims.scopes]: scopes,
    ...(appId === undefined ? {} : { [claims.app]: appId }),
  })
    .setProtectedHeader({ alg: "HS256", typ: "at+jwt" })
    .setIssuer(issuer.issuer)
    .setAudience(issuer.audience)
    .setIssuedAt(now)
    .setExpirationTime(now + Math.ceil(lifetime / 1_000))
    .sign(Buffer.from(secret));
}
