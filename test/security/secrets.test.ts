// Whatever somebody sends, and wherever: it does not come out where others read it.
//
// - No log, metric or trace holds a credential, an idempotency key, a setting that is secret, a value of a record or
//   of a variable, or any other text of a caller's, written in whatever way. What they do tell of a caller's words is
//   the name of an operation, unless it looks like a key or a number.
// - No answer holds a secret of the configuration, of another request, or of this request's headers or URL. What stands
//   in the operation, its variables or a record may be told to the one who sent it.
import { createSecretKey, randomBytes } from "node:crypto";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDatabase } from "../../src/db/database.ts";
import { createKey, revokeKey } from "../../src/modules/api-key/operator.ts";
import { startCliGateway, type CliGateway } from "../support/processes/cli-gateway.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { Fixtures } from "../support/samples/fixtures.ts";
import { send, sendBytes, type RawAnswer } from "../support/gateway/raw-http.ts";
import { leaks, placesOf } from "../support/leaks/secret-places.ts";
import { receiveTraces, type TraceReceiver } from "../support/gateway/trace-receiver.ts";

const random = (): string => randomBytes(20).toString("hex");
const settings = {
  METRICS_TOKEN: `metrics-${random()}`,
  JWT_SECRET: `signing-${random()}`,
  collector: `collector-${random()}`,
};
const personal = {
  "an email": `ada.${random()}@example.com`,
  "a phone number": "+44 7911 482 937 615",
  "a note": 'Ada Byron hates the offer; "call" her \\ husband\tinstead',
};
/** Whom the tokens are of, in words that name a person; within a token it is in answers to operations, too. */
const subject = `grace.${random()}@example.com`;

let database: TestDatabase;
let receiver: TraceReceiver;
let gateway: CliGateway;
let fixtures: Fixtures;
let key: string;
const secrets = new Map<string, string>();
const answers: { readonly what: string; readonly answer: string; readonly own: string | null }[] =
  [];
let sent = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  receiver = await receiveTraces();
  fixtures = await Fixtures.open(database.url);
  const { slug, id: tenantId } = await fixtures.tenant("north-harbor");
  const owner = openDatabase({ url: database.url, maxConnections: 1 });
  const keyWith = (scopes: readonly string[]) =>
    createKey(owner, { tenantSlug: slug, scopes, name: "test", env: "test" });
  ({ key } = await keyWith(["*"]));
  const { key: other } = await keyWith(["read:*"]);
  const { key: revoked, id } = await keyWith(["*"]);
  await revokeKey(owner, id);
  await owner.close();
  // Some issuers call people by their addresses.
  const tokenUntil = (expiry: string) =>
    new SignJWT({ tenant_id: tenantId, scopes: ["*"] })
      .setProtectedHeader({ alg: "HS256" })
      .setIssuer("https://issuer.example.com")
      .setAudience("crm")
      .setSubject(subject)
      .setExpirationTime(expiry)
      .sign(createSecretKey(settings.JWT_SECRET, "utf8"));
  for (const [name, secret] of Object.entries({
    "a key that works": other,
    "a key that was revoked": revoked,
    "a mistyped key": `${other.slice(0, -1)}${other.endsWith("0") ? 1 : 0}`,
    "a token that works": await tokenUntil("1h"),
    "a token that has expired": await tokenUntil("-1h"),
    "an idempotency key": `order-${random()}`,
    ...personal,
  })) {
    secrets.set(name, secret);
  }
  // An error of PostgreSQL's whose message and detail hold values of the row.
  await fixtures.client.query(
    `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN RAISE EXCEPTION 'refused: %', NEW.last_name USING DETAIL = NEW::text; END $$;
     CREATE TRIGGER refuse BEFORE INSERT ON contacts FOR EACH ROW
     WHEN (NEW.last_name LIKE 'fail %') EXECUTE FUNCTION refuse()`,
  );
  await fixtures.client.query("ALTER TABLE line_items RENAME TO gone");
  gateway = await startCliGateway({
    DATABASE_URL: database.url,
    LOG_LEVEL: "trace",
    METRICS_PORT: "0",
    METRICS_TOKEN: settings.METRICS_TOKEN,
    JWT_ISSUER: "https://issuer.example.com",
    JWT_AUDIENCE: "crm",
    JWT_SECRET: settings.JWT_SECRET,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=${settings.collector}`,
    OTEL_BSP_SCHEDULE_DELAY: "50",
    CORS_ORIGINS: "https://app.example.com",
  });
});
afterAll(async () => {
  await gateway.stop();
  await receiver.close();
  await fixtures.close();
  await database.drop();
});

/** All that must not be told to whoever reads logs, metrics and traces. */
const told = () => [...secrets, ["a subject", subject] as const];

const printed = ({ status, headers, body }: RawAnswer): string =>
  `${status} ${JSON.stringify(headers)} ${body}`;

describe("the search", () => {
  it("finds a secret however it is written, and in the middle of something", () => {
    const secret = 'Ada "the first" & co.';
    const writings = [
      secret,
      secret.toUpperCase(),
      encodeURIComponent(secret),
      JSON.stringify({ secret }),
      Buffer.from(secret).toString("hex"),
      ...["", "a", "ab", "user:"].map((before) => Buffer.from(before + secret).toString("base64")),
      Buffer.from(`{${secret}}`).toString("base64url"),
    ];
    for (const writing of writings) {
      expect(leaks(`x${writing}y`, [["it", secret]]), writing).not.toEqual([]);
    }
    expect(leaks("Ada the second", [["it", secret]])).toEqual([]);
  });
});

describe("every secret, in every place", () => {
  it("is sent", async () => {
    const places = placesOf(key);
    for (const [what, secret] of secrets) {
      for (const [where, hide] of Object.entries(places)) {
        // A name made of words is told: nobody can know that it is a person's.
        if (where === "an operation's name" && what in personal) continue;
        const { target = "/graphql", raw, isOperation = false } = hide(secret);
        // A row that is there twice, or refused, takes a second try.
        for (let time = 0; time < (where.startsWith("a value") ? 2 : 1); time += 1) {
          const answer = await send(`${gateway.url}${target}`, raw);
          sent += 1;
          const own = isOperation ? null : secret;
          answers.push({ what: `${what} in ${where}`, answer: printed(answer), own });
          expect(answer.status, `${what} in ${where}`).toBeLessThan(500);
        }
      }
      const inUrl = await sendBytes(
        gateway.url,
        `GET http://user:${encodeURIComponent(secret)}@localhost/graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      );
      sent += 1;
      answers.push({ what: `${what} in the user of a URL`, answer: inUrl, own: secret });
    }
  });

  it("and some of it led where messages hold values: failures of ours, rows refused", () => {
    const all = answers.map(({ answer }) => answer).join("\n");
    const codes = ["INTERNAL", "BAD_USER_INPUT", "UNAUTHENTICATED", "DUPLICATE"];
    expect(codes.filter((code) => !all.includes(`"${code}"`))).toEqual([]);
    const kinds = ['"code":"P0001"', '"code":"42P01"', '"id":"sha256:', '"reason":"a token that '];
    expect(kinds.filter((kind) => !gateway.log().includes(kind))).toEqual([]);
  });

  it("is in no log, which has a line for each request", async () => {
    const lines = () => gateway.log().match(/"msg":"(answered|denied)"/g) ?? [];
    await expect.poll(() => lines().length).toBe(sent);
    expect(leaks(gateway.log() + gateway.output(), told())).toEqual([]);
  });

  it("is in no metric", async () => {
    const { body, status } = await send(gateway.metricsUrl, {
      method: "GET",
      headers: [["authorization", `Bearer ${settings.METRICS_TOKEN}`]],
    });
    expect([status, body.includes("crm_requests_total{")]).toEqual([200, true]);
    expect(leaks(body, told())).toEqual([]);
    expect(leaks(body, Object.entries(settings))).toEqual([]);
  });

  it("is in no trace, of which there is one for each request", async () => {
    const roots = () => receiver.spans().filter(({ kind }) => kind === 2);
    await expect.poll(() => roots().length).toBe(sent);
    expect(leaks(receiver.text(), told())).toEqual([]);
  });

  it("is in no answer but that to an operation which holds it", () => {
    const leaked = answers.flatMap(({ what, answer, own }) => {
      const others = [...secrets].filter(([name]) => own !== null || !what.startsWith(name));
      return leaks(answer, others).map((leak) => `${what}: ${leak}`);
    });
    expect(leaked).toEqual([]);
  });
});

describe("what the operator has set", () => {
  it("is in no log, no trace and no answer", () => {
    const password = decodeURIComponent(new URL(database.url).password);
    expect(password.length).toBeGreaterThan(16);
    const all = Object.entries({ ...settings, password });
    expect(leaks(gateway.log() + gateway.output(), all)).toEqual([]);
    expect(leaks(answers.map(({ answer }) => answer).join("\n"), all)).toEqual([]);
    const spans = JSON.stringify(receiver.exports());
    expect(leaks(spans, all)).toEqual([]);
  });
});
