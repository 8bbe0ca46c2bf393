// Whatever somebody sends over REST, and wherever: it does not come out where others read it. What the log, metrics and
// traces tell of a caller's words is nothing: a path is told as the document has it, and a query never.
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDatabase } from "../../src/db/database.ts";
import { createKey, revokeKey } from "../../src/modules/api-key/operator.ts";
import { operations } from "../../src/rest/operations.ts";
import { startCliGateway, type CliGateway } from "../support/processes/cli-gateway.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { Fixtures } from "../support/samples/fixtures.ts";
import { patientEnvironment } from "../support/run/patience.ts";
import { send } from "../support/gateway/raw-http.ts";
import { failing, restPlacesOf } from "../support/rest/secret-places.ts";
import { leaks } from "../support/leaks/secret-places.ts";
import { receiveTraces, type TraceReceiver } from "../support/gateway/trace-receiver.ts";

const random = (): string => randomBytes(20).toString("hex");
let database: TestDatabase;
let receiver: TraceReceiver;
let gateway: CliGateway;
let fixtures: Fixtures;
let key: string;
let organization: string;
const secrets = new Map<string, string>();
const answers: { readonly what: string; readonly answer: string; readonly own: string | null }[] =
  [];
let sent = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  receiver = await receiveTraces();
  fixtures = await Fixtures.open(database.url);
  const { slug, uuid } = await fixtures.tenant("north-harbor");
  organization = uuid;
  const owner = openDatabase({ url: database.url, maxConnections: 1 });
  const make = () =>
    createKey(owner, { tenantSlug: slug, scopes: ["*"], name: "test", env: "test" });
  ({ key } = await make());
  const { key: other } = await make();
  const { key: revoked, id } = await make();
  await revokeKey(owner, id);
  await owner.close();
  for (const [name, secret] of Object.entries({
    "a key that works": other,
    "a key that was revoked": revoked,
    "a mistyped key": `${other.slice(0, -1)}${other.endsWith("0") ? 1 : 0}`,
    "an idempotency key": `order-${random()}`,
    "an email": `ada.${random()}@example.com`,
    "a phone number": "+44 7911 482 937 615",
    "a note": 'Ada Byron hates the offer; "call" her \\ husband\tinstead',
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
    ...patientEnvironment,
    DATABASE_URL: database.url,
    LOG_LEVEL: "trace",
    METRICS_PORT: "0",
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_BSP_SCHEDULE_DELAY: "50",
    CORS_ORIGINS: "https://app.example.com",
  });
}, 120_000);
afterAll(async () => {
  await gateway.stop();
  await receiver.close();
  await fixtures.close();
  await database.drop();
});

describe("every secret, in every place of a REST request", () => {
  it("is sent, and what fails of it fails without a word about it", async () => {
    for (const [what, secret] of secrets) {
      for (const [where, hide] of Object.entries(restPlacesOf(key, organization))) {
        const { target, raw, isOperation = false } = hide(secret);
        const { status, headers, body } = await send(`${gateway.url}${target}`, raw);
        sent += 1;
        const answer = `${status} ${JSON.stringify(headers)} ${body}`;
        answers.push({ what: `${what} in ${where}`, answer, own: isOperation ? null : secret });
        expect(status >= 500, `${what} in ${where}: ${answer}`).toBe(failing.test(where));
      }
    }
    const bodies = answers.flatMap(({ what, answer }) =>
      failing.test(what.split(" in ").at(-1) ?? "") ? [answer.slice(answer.lastIndexOf("{"))] : [],
    );
    expect(new Set(bodies.map((body) => body.replace(/"request_id":"[^"]+"/, "")))).toEqual(
      new Set([
        '{"error":"Something went wrong on our side.",}',
        '{"error":"Failed to create customer"}',
      ]),
    );
  });

  it("is in no log, which has a line for each request with the document's path and operation", async () => {
    const lines = () => gateway.log().match(/^.*"msg":"(answered|denied)".*$/gm) ?? [];
    await expect.poll(() => lines().length).toBe(sent);
    expect(leaks(gateway.log() + gateway.output(), secrets)).toEqual([]);
    const paths = operations.flatMap(({ path, aliases }) => [path, ...aliases]);
    const told = lines().map((line): unknown => Reflect.get(Object(JSON.parse(line)), "path"));
    expect(told.filter((path) => path !== "other" && !paths.includes(String(path)))).toEqual([]);
    expect(new Set(told)).toContain("/api/v1/crm/accounts/{id}");
    expect(gateway.log()).toContain('"operation":"createAccount"');
  });

  it("is in no metric", async () => {
    const { body, status } = await send(gateway.metricsUrl, { method: "GET" });
    expect([status, body.includes('path="/api/v1/crm/accounts/{id}"')]).toEqual([200, true]);
    expect(leaks(body, secrets)).toEqual([]);
  });

  it("is in no trace, of which there is one for each request", async () => {
    const roots = () => receiver.spans().filter(({ kind }) => kind === 2);
    await expect.poll(() => roots().length).toBe(sent);
    expect(leaks(receiver.text(), secrets)).toEqual([]);
  });

  it("is in no answer but that to a request which holds it in its path, query or body", () => {
    const leaked = answers.flatMap(({ what, answer, own }) => {
      const others = [...secrets].filter(([name]) => own !== null || !what.startsWith(name));
      return leaks(answer, others).map((leak) => `${what}: ${leak}`);
    });
    expect(leaked).toEqual([]);
  });
});
