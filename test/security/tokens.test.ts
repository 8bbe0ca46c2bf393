import { createHmac, createPrivateKey, sign } from "node:crypto";
import { exportSPKI, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import {
  handmade,
  makeSigningKey,
  nowInSeconds,
  signed,
  startKeyServer,
  type KeyServer,
  type SigningKey,
} from "../support/gateway/key-server.ts";
import { send, type RawAnswer } from "../support/gateway/raw-http.ts";
import { withoutExtensions } from "../support/gateway/without-extensions.ts";

const issuer = "https://login.north.example/";
const otherIssuer = "https://login.blue.example/";
const ownIssuer = "https://crm.example/";
const audience = "crm";
const secret = "a secret of the tests, 32 bytes and more";

let gateway: TestGateway;
let keys: KeyServer;
let otherKeys: KeyServer;
/** Nobody's whom the gateway trusts. */
let strangersKeys: KeyServer;
let rsa: SigningKey;
let ed: SigningKey;
let ec: SigningKey;
let stranger: SigningKey;
let north: TenantFixtures;
let blue: TenantFixtures;
let northKey: string;
let blueKey: string;

beforeAll(async () => {
  [rsa, ed, ec, stranger] = await Promise.all([
    makeSigningKey("RS256", "rsa"),
    makeSigningKey("EdDSA", "ed"),
    makeSigningKey("ES256", "ec"),
    makeSigningKey("RS256", "rsa"),
  ]);
  keys = await startKeyServer([rsa.jwk, ed.jwk]);
  otherKeys = await startKeyServer([ec.jwk]);
  strangersKeys = await startKeyServer([stranger.jwk]);
  gateway = await startGateway({
    logLevel: "silent",
    env: {
      JWT_ISSUER: issuer,
      JWT_AUDIENCE: audience,
      JWKS_URL: keys.url,
      JWT_ISSUERS: JSON.stringify([
        { issuer: otherIssuer, audience, jwksUrl: otherKeys.url, tenants: ["blue-ridge"] },
        {
          issuer: ownIssuer,
          audience,
          secret,
          claims: { tenant: "https://crm.example/tenant", scopes: "permissions", app: "azp" },
        },
      ]),
    },
  });
  north = await gateway.fixtures.tenant("north-harbor");
  blue = await gateway.fixtures.tenant("blue-ridge");
  northKey = await gateway.keyFor(north.slug);
  blueKey = await gateway.keyFor(blue.slug);
});
afterAll(async () => {
  await gateway.close();
  await keys.stop();
  await otherKeys.stop();
  await strangersKeys.stop();
});

type Claims = Readonly<Record<string, unknown>>;

/** What a good token says. */
const good = (): Claims => ({
  iss: issuer,
  aud: audience,
  sub: "usr-1",
  tenant_id: north.id,
  scopes: ["read:*"],
  exp: nowInSeconds() + 60,
});
const without = (name: string): Claims =>
  Object.fromEntries(Object.entries(good()).filter(([claim]) => claim !== name));

const viewerQuery = "{ viewer { actor { kind id appId } tenant { slug } scopes } }";
function ask(
  token: string | null,
  more: readonly (readonly [string, string])[] = [],
  query = viewerQuery,
) {
  const bearer = token === null ? [] : [["authorization", `Bearer ${token}`] as const];
  return send(`${gateway.url}/graphql`, {
    headers: [["content-type", "application/json"], ...bearer, ...more],
    body: JSON.stringify({ query }),
  });
}

async function expectRefused(answer: RawAnswer): Promise<void> {
  const none = await ask(null);
  expect([answer.status, answer.body]).toEqual([401, none.body]);
}

/** Signed with HS256, with bytes that everybody knows for a secret. */
const keyedBy = (bytes: string | Buffer) =>
  handmade({ alg: "HS256", kid: "rsa" }, good(), (input) =>
    createHmac("sha256", bytes).update(input).digest(),
  );

describe("a token that does not hold gets the 401 of every credential that does not work:", () => {
  const cases: readonly (readonly [string, () => string | Promise<string>])[] = [
    ["alg none", () => handmade({ alg: "none" }, good())],
    ["alg none as a library makes it", () => new UnsecuredJWT(good()).encode()],
    ["alg None", () => handmade({ alg: "None", kid: "rsa" }, good())],
    [
      "HS256 signed with the RSA public key, PEM",
      async () => keyedBy(await exportSPKI(rsa.publicKey)),
    ],
    [
      "HS256 signed with the RSA public key, PEM without its last line break",
      async () => keyedBy((await exportSPKI(rsa.publicKey)).trim()),
    ],
    [
      "HS256 signed with the RSA public key, DER",
      async () => keyedBy(Buffer.from(await crypto.subtle.exportKey("spki", rsa.publicKey))),
    ],
    ["HS256 signed with the RSA public key, JWK", () => keyedBy(JSON.stringify(rsa.jwk))],
    ["HS256 signed with the other issuer's secret", () => keyedBy(secret)],
    ["HS256 signed with nothing", () => keyedBy("")],
    ["a key of the same name that is not ours", () => signed(stranger, good())],
    ["no signature", async () => (await signed(rsa, good())).replace(/[^.]+$/, "")],
    [
      "another payload under the signature",
      async () => {
        const [head, , signature] = (await signed(rsa, good())).split(".");
        const claims = Buffer.from(JSON.stringify({ ...good(), tenant_id: blue.id }));
        return [head, claims.toString("base64url"), signature].join(".");
      },
    ],
    ["a key id that is nobody's", () => signed({ ...rsa, kid: "nobody" }, good())],
    ["a key id that is a path", () => signed(stranger, good(), { kid: "../../../../dev/null" })],
    ["a key id that is a URL", () => signed(stranger, good(), { kid: strangersKeys.url })],
    ["a key id that is SQL", () => signed(stranger, good(), { kid: "' OR 1=1 --" })],
    ["a key id that every object has", () => signed(stranger, good(), { kid: "__proto__" })],
    ["its own key in jwk", () => signed(stranger, good(), { jwk: stranger.jwk, kid: undefined })],
    ["its own key set in jku", () => signed(stranger, good(), { jku: strangersKeys.url })],
    ["its own certificate in x5u", () => signed(stranger, good(), { x5u: strangersKeys.url })],
    ["an extension that must be understood", () => handmadeWith({ crit: ["exp"], exp: 1 })],
    ["an extension that jose understands", () => handmadeWith({ crit: ["b64"], b64: true })],
    ["another kind of token", () => signed(rsa, good(), { typ: "logout+jwt" })],
    ["no issuer", () => signed(rsa, without("iss"))],
    ["an unknown issuer", () => signed(rsa, { ...good(), iss: "https://evil.example/" })],
    ["the issuer without its slash", () => signed(rsa, { ...good(), iss: issuer.slice(0, -1) })],
    ["issuers in a list", () => handmadeWith({}, { ...good(), iss: [issuer] })],
    [
      "the other issuer's name, signed by this one",
      () => signed(rsa, { ...good(), iss: otherIssuer }),
    ],
    [
      "this issuer's name, signed by the other one",
      () => signed(ec, { ...good(), tenant_id: blue.id }),
    ],
    [
      "a tenant that its issuer may not speak for",
      () => signed(ec, { ...good(), iss: otherIssuer }),
    ],
    ["no audience", () => signed(rsa, without("aud"))],
    ["another audience", () => signed(rsa, { ...good(), aud: "shop" })],
    ["another audience in a list", () => signed(rsa, { ...good(), aud: ["shop", "crm2"] })],
    ["no expiry", () => signed(rsa, without("exp"))],
    [
      "an expiry that is text",
      () => handmadeWith({}, { ...good(), exp: String(nowInSeconds() + 60) }),
    ],
    ["an expiry a minute ago", () => signed(rsa, { ...good(), exp: nowInSeconds() - 60 })],
    ["a start in a minute", () => signed(rsa, { ...good(), nbf: nowInSeconds() + 60 })],
    ["no subject", () => signed(rsa, without("sub"))],
    ["an empty subject", () => signed(rsa, { ...good(), sub: " " })],
    ["a subject that is a number", () => handmadeWith({}, { ...good(), sub: 7 })],
    ["a subject that no database holds", () => signed(rsa, { ...good(), sub: "usr\u0000" })],
    ["a subject of 300 characters", () => signed(rsa, { ...good(), sub: "u".repeat(300) })],
    ["an expiry in milliseconds", () => signed(rsa, { ...good(), exp: Date.now() + 60_000 })],
    ["an expiry in the year 285 million", () => signed(rsa, { ...good(), exp: 9e15 })],
    ["a subject of ours: cli", () => signed(rsa, { ...good(), sub: "cli" })],
    ["a subject of ours: System", () => signed(rsa, { ...good(), sub: " System" })],
    ["a subject of ours, in wide letters", () => signed(rsa, { ...good(), sub: "ｃｌｉ" })],
    ["a subject that begins like a key", () => signed(rsa, { ...good(), sub: "key-of-mine" })],
    ["a subject with an invisible character", () => signed(rsa, { ...good(), sub: "usr-1\u200b" })],
    ["a subject with a space of another width", () => signed(rsa, { ...good(), sub: "a\u2003b" })],
    ["a subject that turns what is read", () => signed(rsa, { ...good(), sub: "a\u202eb" })],
    [
      "an API key's id for a subject",
      () => signed(rsa, { ...good(), sub: `key-${northKey.split("_")[2]}` }),
    ],
    ["no tenant", () => signed(rsa, without("tenant_id"))],
    ["a tenant that is not there", () => signed(rsa, { ...good(), tenant_id: `ten-${rsaUuid}` })],
    ["a tenant's slug", () => signed(rsa, { ...good(), tenant_id: "north-harbor" })],
    ["a tenant of another kind", () => signed(rsa, { ...good(), tenant_id: `acc-${north.uuid}` })],
    ["two tenants", () => signed(rsa, { ...good(), tenant_id: [north.id, blue.id] })],
    ["scopes that are a number", () => signed(rsa, { ...good(), scopes: 7 })],
    ["scopes that are an object", () => signed(rsa, { ...good(), scopes: { "read:*": true } })],
    ["scopes among which is a number", () => signed(rsa, { ...good(), scopes: ["read:*", 7] })],
    ["an application that is a list", () => signed(rsa, { ...good(), app_id: ["app-1"] })],
    ["an application without a name", () => signed(rsa, { ...good(), app_id: "" })],
    ["9 KB", () => signed(rsa, { ...good(), more: "a".repeat(9_000) })],
    ["four parts", async () => `${await signed(rsa, good())}.x`],
    ["no JSON", () => "a.b.c"],
    ["an encrypted token's five parts", () => "e30.e30.e30.e30.e30"],
  ];
  const rsaUuid = "0190aaaa-0000-7000-8000-000000000000";

  it.each(cases)("%s", async (_name, make) => {
    await expectRefused(await ask(await make()));
  });

  it("and nothing is fetched from where a token says", () => {
    expect(strangersKeys.requests()).toBe(0);
  });

  it("a good one in x-api-key", async () => {
    await expectRefused(await ask(null, [["x-api-key", await signed(rsa, good())]]));
  });

  it("a good one beside an API key, of another tenant or the same", async () => {
    const token = await signed(rsa, good());
    for (const key of [northKey, blueKey]) {
      await expectRefused(await ask(token, [["x-api-key", key]]));
    }
  });
});

/** Signed with the RSA key, with a header and claims that jose itself would not make. */
async function handmadeWith(header: object, claims: object = good()): Promise<string> {
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", rsa.privateKey);
  const key = createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" });
  return handmade({ alg: "RS256", kid: "rsa", ...header }, claims, (input) =>
    sign("sha256", Buffer.from(input), key),
  );
}

describe("a token that holds", () => {
  const viewer = (more: object = {}) => ({
    data: {
      viewer: {
        actor: { kind: "user", id: "usr-1", appId: null },
        tenant: { slug: "north-harbor" },
        scopes: ["read:*"],
        ...more,
      },
    },
  });
  const cases: readonly (readonly [string, () => Promise<string>, object])[] = [
    ["RS256", () => signed(rsa, good()), {}],
    ["EdDSA", () => signed(ed, good()), {}],
    ["without a key id", () => signed(rsa, good(), { kid: undefined }), {}],
    ["made by hand", () => handmadeWith({}), {}],
    ["of the type at+jwt", () => signed(rsa, good(), { typ: "at+jwt" }), {}],
    ["with several audiences", () => signed(rsa, { ...good(), aud: ["shop", audience] }), {}],
    ["with the bare id of the tenant", () => signed(rsa, { ...good(), tenant_id: north.uuid }), {}],
    ["expired within the tolerance", () => signed(rsa, { ...good(), exp: nowInSeconds() - 1 }), {}],
    ["until the year 9999 ends", () => signed(rsa, { ...good(), exp: 253_402_300_799 }), {}],
    [
      "with scope as text",
      () => signed(rsa, { ...without("scopes"), scope: "read:tenant  write:deals openid" }),
      { scopes: ["read:tenant", "write:deals"] },
    ],
    [
      "of an application",
      () => signed(rsa, { ...good(), app_id: "app-7" }),
      { actor: { kind: "user", id: "usr-1", appId: "app-7" } },
    ],
    [
      "of the other issuer, for a tenant of its own",
      () => signed(ec, { ...good(), iss: otherIssuer, tenant_id: blue.id }),
      { tenant: { slug: "blue-ridge" } },
    ],
    [
      "of an issuer with a secret and claims of its own",
      () =>
        new SignJWT({
          "https://crm.example/tenant": north.id,
          permissions: "read:tenant",
          azp: "app-9",
          // Of no meaning here.
          tenant_id: blue.id,
          scopes: ["*"],
        })
          .setProtectedHeader({ alg: "HS256" })
          .setIssuer(ownIssuer)
          .setAudience(audience)
          .setSubject("usr-1")
          .setExpirationTime("1m")
          .sign(Buffer.from(secret)),
      { actor: { kind: "user", id: "usr-1", appId: "app-9" }, scopes: ["read:tenant"] },
    ],
  ];

  it.each(cases)("%s", async (_name, make, more) => {
    const answer = await ask(await make());
    expect(JSON.parse(withoutExtensions(answer.body))).toEqual(viewer(more));
  });

  it.each([
    ["without scopes", () => without("scopes")],
    [
      "with scopes that nobody knows",
      () => ({ ...good(), scopes: ["eat:*", "read", "*:*", "READ:*"] }),
    ],
  ])("%s opens nothing", async (_name, claims) => {
    const token = await signed(rsa, claims());
    const bare = await ask(token, [], "{ viewer { actor { id } scopes } }");
    expect(JSON.parse(withoutExtensions(bare.body))).toEqual({
      data: { viewer: { actor: { id: "usr-1" }, scopes: [] } },
    });
  });

  it("stamps what it writes with its subject", async () => {
    const token = await signed(rsa, { ...good(), scopes: ["*"] });
    const { body } = await send(`${gateway.url}/graphql`, {
      headers: [
        ["content-type", "application/json"],
        ["authorization", `Bearer ${token}`],
      ],
      body: JSON.stringify({
        query: 'mutation { createAccount(input: { name: "Quay" }) { account { createdBy } } }',
      }),
    });
    expect(JSON.parse(withoutExtensions(body))).toEqual({
      data: { createAccount: { account: { createdBy: "usr-1" } } },
    });
  });

  it("looks its tenant up once in a while, and costs no other statement", async () => {
    const token = await signed(rsa, good());
    await ask(token);
    gateway.statements.clear();
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(token)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const lookUps = gateway.statements.all().filter(({ text }) => text.startsWith("SELECT slug"));
    expect(lookUps.length).toBeLessThanOrEqual(1);
  });
});
