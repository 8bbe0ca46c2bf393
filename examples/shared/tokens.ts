import { createHmac } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { env } from "node:process";

type Server = {
  middlewares: {
    use(
      path: string,
      answer: (request: IncomingMessage, response: ServerResponse) => void,
    ): unknown;
  };
};

/** What the page does, and no more. */
const scopes = ["accounts", "deals", "quotes", "activities", "tenant"].map(
  (name) => `read:${name}`,
);
scopes.push("write:deals");

/** Seconds that a token works. A page that is left open asks for the next one. */
const lifetime = Number(env.TOKEN_SECONDS ?? 300);

/**
 * Gives the page its tokens at `POST /token`. Yours does it behind its login: the person and the tenant come from the
 * session, and the key that signs stays on the server.
 */
export function tokens() {
  const serve = ({ middlewares }: Server): void => {
    middlewares.use("/token", (request, response) => {
      if (request.method !== "POST") return void response.writeHead(405).end();
      response.setHeader("content-type", "application/json");
      response.setHeader("cache-control", "no-store");
      response.end(JSON.stringify({ token: mint(), seconds: lifetime }));
    });
  };
  return { name: "tokens", configureServer: serve, configurePreviewServer: serve };
}

function mint(): string {
  const {
    JWT_ISSUER,
    JWT_AUDIENCE,
    JWT_SECRET,
    TENANT = "ten-018c1d86-7400-7629-b997-8deb69744df0",
    PERSON = "usr-1",
  } = env;
  if (!JWT_ISSUER || !JWT_AUDIENCE || !JWT_SECRET) {
    throw new Error("Set JWT_ISSUER, JWT_AUDIENCE and JWT_SECRET, as for the gateway.");
  }
  const now = Math.floor(Date.now() / 1_000);
  const signed = [
    { alg: "HS256", typ: "at+jwt" },
    {
      iss: JWT_ISSUER,
      aud: JWT_AUDIENCE,
      iat: now,
      exp: now + lifetime,
      sub: PERSON,
      // The demo's north-harbor. `npm start` prints the ids ("its organization").
      tenant_id: TENANT,
      scopes,
    },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  return `${signed}.${createHmac("sha256", JWT_SECRET).update(signed).digest("base64url")}`;
}
