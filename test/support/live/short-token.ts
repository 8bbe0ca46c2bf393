import { SignJWT } from "jose";

const secret = "a secret of the tests, 32 bytes and more";

/** The settings of a gateway that takes such tokens. */
export const tokenSettings = { JWT_ISSUER: "crm", JWT_AUDIENCE: "crm", JWT_SECRET: secret };

/** A token that may read everything of a tenant and expires after some seconds. */
export const shortToken = (tenantId: string, seconds: number): Promise<string> =>
  new SignJWT({ tenant_id: tenantId, scopes: ["read:*"] })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer("crm")
    .setAudience("crm")
    .setSubject("usr-1")
    .setExpirationTime(`${seconds}s`)
    .sign(Buffer.from(secret));
