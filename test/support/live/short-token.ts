import { SignJWT } from "jose";

const secret = "a secret of the tests, 32 bytes and more";

/** The settings of a gateway that takes such tokens. */
export const tokenSettings = { JWT_ISSUER: "crm", JWT_AUDIENCE: "crm", JWT_SECRET: secret };

/** A token for a tenant that expires after some seconds, or expired before if they are negative. */
export const shortToken = (
  tenantId: string,
  seconds: number,
  scopes: readonly string[] = ["read:*"],
): Promise<string> =>
  new SignJWT({ tenant_id: tenantId, scopes })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer("crm")
    .setAudience("crm")
    .setSubject("usr-1")
    .setExpirationTime(new Date(Date.now() + seconds * 1_000))
    .sign(Buffer.from(secret));
