import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { captureLog } from "../../support/gateway/captured-log.ts";
import { Samples } from "../../support/rest/documented.ts";
import type { TenantFixtures } from "../../support/samples/fixtures.ts";
import { at, recordAt, startGateway, type TestGateway } from "../../support/gateway/gateway.ts";
import { limitedKey } from "../../support/gateway/limits.ts";
import { restClient, type RestAnswer } from "../../support/rest/client.ts";

const samples = await Samples.of("customers");
const path = "/api/public/v1/customers";
const nobody = "0190aaaa-0000-7000-8000-000000000000";
/** The document has both texts in one sample: the first alone, and the issues under the text that goes with them. */
const { error: missingOrganization, issues } = recordAt(samples.json("answer 400"));
const body = recordAt({
  account_type: "business",
  display_name: "North Harbor Facilities",
  email: "ops@northerborfacilities.com",
  phone: "+1-404-555-0128",
});

let gateway: TestGateway;
let north: TenantFixtures;
let blue: TenantFixtures;
let key: string;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent" });
  north = await gateway.fixtures.tenant("north");
  blue = await gateway.fixtures.tenant("blue");
  key = await gateway.keyFor("north");
});
afterAll(() => gateway.close());

type Headers = Readonly<Record<string, string>>;

/** The three operations, by a caller with these headers. */
async function everywhere(headers: Headers): Promise<RestAnswer[]> {
  const rest = restClient(gateway, headers);
  return [await rest.get(path), await rest.get(`${path}/${nobody}`), await rest.post(path, body)];
}

const own = (more: Headers = {}): Headers => ({
  "x-api-key": key,
  "x-organization-id": north.uuid,
  ...more,
});

/** All have the status, and exactly the sample's bytes. */
function expectAll(answers: readonly RestAnswer[], status: number, sample: unknown): void {
  const text = JSON.stringify(sample);
  expect(answers.map((answer) => [answer.status, answer.text])).toEqual(
    answers.map(() => [status, text]),
  );
}

describe("400", () => {
  it("without an organization", async () => {
    const answers = await everywhere({ "x-api-key": key });
    expectAll(answers, 400, { error: missingOrganization });
    for (const { headers } of answers) expect(headers.get("x-ratelimit-limit")).toMatch(/^\d+$/);
  });

  it.each(["", "  ", "north", "${ORG_ID}"])(
    "with the organization %j, which is none",
    async (id) => {
      expectAll(await everywhere(own({ "x-organization-id": id })), 400, {
        error: missingOrganization,
      });
    },
  );

  it("for an email that is none", async () => {
    const answer = await restClient(gateway, own()).post(path, { ...body, email: "ops" });
    expectAll([answer], 400, { error: "Invalid request payload", issues });
  });
});

describe("401", () => {
  const setTo = async (assignment: string): Promise<string> => {
    const made = await gateway.keyFor("north");
    const id = made.split("_")[2];
    await gateway.fixtures.client.query(`UPDATE api_keys SET ${assignment} WHERE id = $1`, [id]);
    return made;
  };

  it.each<[string, () => Promise<Headers>]>([
    ["no key", async () => ({})],
    ["the document's key", async () => ({ "x-api-key": "ast_live_your_key" })],
    ["a wrong tail", async () => ({ "x-api-key": `${key.slice(0, -4)}zzzz` })],
    ["a revoked key", async () => ({ "x-api-key": await setTo("revoked_at = now()") })],
    ["an expired key", async () => ({ "x-api-key": await setTo("expires_at = now()") })],
  ])("for %s, with an organization or without", async (_name, headers) => {
    const credential = await headers();
    const sample = samples.json("answer 401");
    expectAll(await everywhere({ ...credential, "x-organization-id": north.id }), 401, sample);
    expectAll(await everywhere(credential), 401, sample);
  });
});

describe("403", () => {
  it("names the scope that writing lacks", async () => {
    const reader = await gateway.keyFor("north", ["read:customers"]);
    const rest = restClient(gateway, own({ "x-api-key": reader }));
    expectAll([await rest.post(path, body)], 403, samples.json("answer 403"));
    expect((await rest.get(path)).status).toBe(200);
  });

  it("names the scope that reading lacks", async () => {
    const writer = await gateway.keyFor("north", ["write:customers"]);
    const rest = restClient(gateway, own({ "x-api-key": writer }));
    const sample = {
      ...recordAt(samples.json("answer 403")),
      missingScopes: ["read:customers"],
    };
    expectAll([await rest.get(path), await rest.get(`${path}/${nobody}`)], 403, sample);
    const made = await rest.post(path, { ...body, email: "writer@example.com" });
    expect(made.status).toBe(201);
  });

  it("does not take other entities' scopes for it", async () => {
    const other = await gateway.keyFor("north", ["read:accounts", "write:accounts"]);
    const [list, get, create] = await everywhere(own({ "x-api-key": other }));
    for (const answer of [list, get]) {
      expect([answer?.status, at(answer?.body, "missingScopes")]).toEqual([
        403,
        ["read:customers"],
      ]);
    }
    expectAll(create === undefined ? [] : [create], 403, samples.json("answer 403"));
  });

  it.each([
    ["another tenant's", () => blue.id],
    ["another tenant's, bare", () => blue.uuid],
    ["nobody's", () => nobody],
  ])("for an organization that is %s: the same bytes for all", async (_name, id) => {
    const answers = await everywhere(own({ "x-organization-id": id() }));
    const [first] = answers;
    expect(first?.status).toBe(403);
    expectAll(answers, 403, { error: at(first?.body, "error") });
    expect(at(first?.body, "error")).toMatch(/^X-Organization-Id does not name the organization/);
  });
});

describe("404", () => {
  it("for what is unknown, another tenant's, deleted, no id, or another kind's: the same bytes", async () => {
    const theirs = await blue.account();
    const deleted = await north.account({ deletedAt: "2026-02-03T04:05:06.000Z" });
    const contact = await north.contact(null);
    const rest = restClient(gateway, own());
    const ids = [nobody, theirs.uuid, theirs.id, deleted.uuid, "1", "%00", "%E0%A4%A", "a%2Fb"];
    ids.push(contact.uuid, contact.id, `con-${deleted.uuid}`, "'", "x".repeat(5_000));
    for (const id of ids) {
      expectAll([await rest.get(`${path}/${id}`)], 404, samples.json("answer 404"));
    }
  });
});

describe("409", () => {
  it("for an email that a live customer has, compared without case, whoever made it", async () => {
    await north.account({ email: "taken@example.com" });
    const rest = restClient(gateway, own());
    const [taken, again] = [
      { ...body, email: "TAKEN@Example.com" },
      { ...body, email: "b@b.com" },
    ];
    expectAll([await rest.post(path, taken)], 409, samples.json("answer 409"));
    expect((await rest.post(path, again)).status).toBe(201);
    expectAll([await rest.post(path, again)], 409, samples.json("answer 409"));
  });

  it("not for one that another organization has, or a deleted customer had", async () => {
    await blue.account({ email: "free@example.com" });
    await north.account({ email: "free@example.com", deletedAt: "2026-02-03T04:05:06.000Z" });
    const rest = restClient(gateway, own());
    const answer = await rest.post(path, { ...body, email: "free@example.com" });
    expect(answer.status).toBe(201);
  });
});

describe("429", () => {
  it("for request 61 of a minute, on a key that has 60", async () => {
    const limited = await limitedKey(gateway, "north", 60);
    const rest = restClient(gateway, own({ "x-api-key": limited }));
    for (let left = 59; left >= 0; left -= 1) {
      const { status, headers } = await rest.get(path);
      expect([status, headers.get("x-ratelimit-remaining")]).toEqual([200, String(left)]);
    }
    const answers = await everywhere(own({ "x-api-key": limited }));
    expectAll(answers, 429, samples.json("answer 429"));
    for (const { headers } of answers) {
      expect(headers.get("x-ratelimit-limit")).toBe("60");
      expect(headers.get("x-ratelimit-remaining")).toBe("0");
      expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
      expect(Number(headers.get("retry-after"))).toBeLessThanOrEqual(60);
      expect(headers.get("x-ratelimit-reset")).toBe(headers.get("retry-after"));
    }
  });
});

describe("failures of ours", () => {
  const secrets =
    /accounts|relation|SELECT|INSERT|find_api_key|42P01|42883|node_modules|\bat .*\.ts/i;

  it("500, in the document's words alone; the log has the request's id and what happened", async () => {
    const log = captureLog();
    const broken = await startGateway({ logLevel: "info", logTo: log.stream });
    try {
      const { uuid } = await broken.fixtures.tenant("north");
      const headers = { "x-api-key": await broken.keyFor("north"), "x-organization-id": uuid };
      await broken.fixtures.client.query("ALTER TABLE accounts RENAME TO gone");
      const rest = restClient(broken, headers);
      const reads = [await rest.get(path), await rest.get(`${path}/${nobody}`)];
      expectAll(reads, 500, samples.json("answer 500"));
      const create = await rest.post(path, body, { "idempotency-key": "once" });
      expectAll([create], 500, { error: "Failed to create customer" });
      for (const answer of [...reads, create]) {
        const lines = await log.of(answer.headers.get("x-request-id"));
        expect(lines.map(({ msg }) => msg)).toEqual(["unexpected error", "answered"]);
        expect(JSON.stringify(Object.fromEntries(answer.headers))).not.toMatch(secrets);
      }
      await broken.fixtures.client.query("ALTER TABLE gone RENAME TO accounts");
      const again = await rest.post(path, body, { "idempotency-key": "once" });
      expect(again.status).toBe(201);
    } finally {
      await broken.close();
    }
  });

  it("503 with Retry-After while credentials cannot be looked up", async () => {
    const { client } = gateway.fixtures;
    const fresh = await gateway.keyFor("north");
    await client.query("ALTER FUNCTION find_api_key RENAME TO gone");
    try {
      for (const answer of await everywhere(own({ "x-api-key": fresh }))) {
        expect(answer.status).toBe(503);
        expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
        expect(Object.keys(recordAt(answer.body))).toEqual(["error"]);
        expect(answer.text).not.toMatch(secrets);
      }
    } finally {
      await client.query("ALTER FUNCTION gone RENAME TO find_api_key");
    }
  });
});
