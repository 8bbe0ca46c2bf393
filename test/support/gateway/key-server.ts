import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import { exportJWK, generateKeyPair, SignJWT, type JWK, type JWTPayload } from "jose";
import { freePort } from "../../../tools/pgbouncer.ts";

/** A pair of keys with the name that it is published under. */
export type SigningKey = {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  /** As it stands in the key set. */
  readonly jwk: JWK;
};

/** Makes a pair. */
export async function makeSigningKey(alg: string, kid: string): Promise<SigningKey> {
  const pair = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, ...pair, jwk: { ...(await exportJWK(pair.publicKey)), kid, use: "sig" } };
}

/** A server that publishes keys, as an identity provider does. */
export type KeyServer = {
  readonly url: string;
  /** What it publishes from now on. */
  publish(keys: readonly JWK[]): void;
  /** What it answers instead; null for the keys again. */
  misbehave(answer: ((response: ServerResponse) => void) | null): void;
  /** How often it was asked. */
  requests(): number;
  /** Goes down: connections are refused. */
  stop(): Promise<void>;
  /** Is back at the same address. */
  restart(): Promise<void>;
};

/** Starts one; call `stop` when the file is done. */
export async function startKeyServer(keys: readonly JWK[]): Promise<KeyServer> {
  let published = keys;
  let other: ((response: ServerResponse) => void) | null = null;
  let requests = 0;
  let server: Server | null = null;
  const port = await freePort();
  const start = async (): Promise<void> => {
    server = createServer((_request, response) => {
      requests += 1;
      if (other !== null) return other(response);
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ keys: published }));
    });
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  };
  await start();
  return {
    url: `http://127.0.0.1:${port}/keys`,
    publish: (next) => {
      published = next;
    },
    misbehave: (answer) => {
      other = answer;
    },
    requests: () => requests,
    stop: async () => {
      if (server === null) return;
      const closed = once(server, "close");
      server.closeAllConnections();
      server.close();
      server = null;
      await closed;
    },
    restart: start,
  };
}

/** The present, as tokens tell time. */
export const nowInSeconds = (): number => Math.floor(Date.now() / 1_000);

/** A token that is signed as it should be, whatever it says. */
export function signed(
  key: SigningKey,
  claims: JWTPayload,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: key.alg, kid: key.kid, ...header })
    .sign(key.privateKey);
}

/** A token put together by hand; `sign` makes the signature of what stands before it. */
export function handmade(
  header: object,
  claims: object,
  sign: (input: string) => Buffer = () => Buffer.alloc(0),
): string {
  const encoded = [header, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  const input = encoded.join(".");
  return `${input}.${sign(input).toString("base64url")}`;
}
