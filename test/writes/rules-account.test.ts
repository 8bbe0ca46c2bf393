import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { expectRefused, expectWritten, type Outcome } from "../support/writes/mutation.ts";
import { Writes } from "../support/writes/writes.ts";

let gateway: TestGateway;
let key: string;
let writes: Writes;

beforeAll(async () => {
  gateway = await startGateway();
  await gateway.fixtures.tenant("ours");
  await gateway.fixtures.tenant("theirs");
  key = await gateway.keyFor("ours");
  writes = new Writes(gateway, key);
});
afterAll(() => gateway.close());

type Values = Readonly<Record<string, unknown>>;

const shown =
  "id version name displayName domain email accountType lastActivityAt firstContactedAt parentAccountId";
const create = (input: Values, selection = shown): Promise<Outcome> =>
  writes.mutate("createAccount", { input }, selection);
const update = (id: unknown, input: Values, selection = shown): Promise<Outcome> =>
  writes.mutate("updateAccount", { id, input }, selection);
async function made(input: Values = {}): Promise<string> {
  return String(expectWritten(await create(input))["id"]);
}
async function read(id: string, selection = shown): Promise<unknown> {
  return at(
    await gateway.data(key, `query ($id: ID!) { account(id: $id) { ${selection} } }`, { id }),
    "account",
  );
}

describe("nothing is needed on create", () => {
  it("an account can be made with no name", async () => {
    expect(expectWritten(await create({}))).toMatchObject({ name: null, accountType: "business" });
  });
});

describe("display_name", () => {
  it("never null: name, else legal_name, domain, email, the id", async () => {
    const all = {
      name: "Name",
      legal_name: "Legal",
      domain: "domain.example",
      email: "e@mail.example",
    };
    const id = await made(all);
    const expected = ["Name", "Legal", "domain.example", "e@mail.example", id];
    const fields = Object.keys(all);
    for (const [index, display] of expected.entries()) {
      expect(await read(id)).toMatchObject({ displayName: display });
      const field = fields[index];
      if (field !== undefined) expectWritten(await update(id, { [field]: null }));
    }
  });

  it("sent on input sets name when name is absent", async () => {
    expect(expectWritten(await create({ display_name: " Harbor " }))).toMatchObject({
      name: "Harbor",
      displayName: "Harbor",
    });
    const both = { name: "Name", display_name: "Other" };
    expect(expectWritten(await create(both))).toMatchObject({ name: "Name", displayName: "Name" });
    const id = await made({ legal_name: "Legal" });
    expect(expectWritten(await update(id, { display_name: "Set" }))).toMatchObject({ name: "Set" });
  });

  it("sent back as it was read sets nothing", async () => {
    const id = await made({ legal_name: "Legal" });
    const updated = expectWritten(await update(id, { display_name: "Legal", industry: "Tools" }));
    expect(updated).toMatchObject({ name: null, displayName: "Legal" });
  });
});

describe("account_type", () => {
  it.each(["business", "individual"])("enum business individual: %s", async (account_type) => {
    expect(expectWritten(await create({ account_type }))).toMatchObject({
      accountType: account_type,
    });
    await expect(create({ account_type: "other" })).rejects.toThrow(/account_type.*BAD_USER_INPUT/);
  });
});

describe("addresses", () => {
  const parts = "kind line1 line2 city state postcode country";

  it("list of {kind, line1, line2, city, state, postcode, country}", async () => {
    const address = Object.fromEntries(parts.split(" ").map((part) => [part, `The ${part}`]));
    const addresses = [address, { kind: " billing ", city: "" }];
    const record = expectWritten(await create({ addresses }, `addresses { ${parts} }`));
    const nothing = Object.fromEntries(parts.split(" ").map((part) => [part, null]));
    expect(record["addresses"]).toEqual([address, { ...nothing, kind: "billing" }]);
  });

  it("any other part is an error that names it", async () => {
    await expect(create({ addresses: [{ town: "Rome" }] })).rejects.toThrow(/town.*BAD_USER_INPUT/);
  });

  it("parts are single-line fields of at most 1,000 characters", async () => {
    const addresses = [{ city: "x".repeat(1_000) }, { city: "x".repeat(1_001), line1: "\u0000" }];
    expectRefused(await create({ addresses }), [
      ["addresses.1.city", "ValidationError"],
      ["addresses.1.line1", "ValidationError"],
    ]);
  });
});

describe("domain", () => {
  it.each([
    ["Example.COM", "example.com"],
    ["https://www.Example.com/about?x=1", "example.com"],
    ["http://example.com:8080", "example.com"],
    ["www.example.com", "example.com"],
    [" sub.example.co.uk ", "sub.example.co.uk"],
    ["example.com.", "example.com"],
    ["", null],
  ])("lower-cased, without scheme or www.: %j", async (domain, kept) => {
    expect(expectWritten(await create({ domain }))).toMatchObject({ domain: kept });
  });

  it.each(["localhost", "no domain", "ann@example.com", "http://", "a..b\u0000"])(
    "what is no domain is an error: %j",
    async (domain) => {
      expectRefused(await create({ domain }), [["domain", "ValidationError"]]);
    },
  );
});

describe("email", () => {
  it("is syntactically valid", async () => {
    for (const email of [
      "nobody",
      "a@b",
      "a b@example.com",
      "@example.com",
      "a@example.com,b@example.com",
    ]) {
      expectRefused(await create({ email }), [
        ["email", "ValidationError", /Invalid email address/],
      ]);
    }
    const record = expectWritten(await create({ email: " Ann.O'Neil+x@Example.com " }));
    expect(record["email"]).toBe("Ann.O'Neil+x@Example.com");
  });

  it("is unique among the live accounts of a tenant, compared without case", async () => {
    const first = await made({ email: "One@Example.com" });
    const outcome = await create({ email: "oNE@exAMPLE.com" });
    expectRefused(outcome, [["email", "DuplicateError"]]);
    expect(outcome.userErrors[0]).toMatchObject({ code: "DUPLICATE", existingId: first });
    const second = await made({ email: "two@example.com" });
    expectRefused(await update(second, { email: "ONE@example.com" }), [
      ["email", "DuplicateError"],
    ]);
    expectWritten(await update(first, { email: "ONE@EXAMPLE.COM" }));
    expectWritten(await update(first, { email: null }));
    expectWritten(await update(second, { email: "one@example.com" }));
  });

  it("is free in another tenant and beside contacts", async () => {
    await made({ email: "shared@example.com" });
    const other = await gateway.keyFor("theirs");
    const input = { email: "shared@example.com" };
    expectWritten(await new Writes(gateway, other).mutate("createAccount", { input }));
    expectWritten(await writes.mutate("createContact", { input }));
  });

  it("of N racers with the same email exactly one wins", async () => {
    const racers = Array.from({ length: 12 }, (_, index) =>
      create({ email: index % 2 === 0 ? "race@example.com" : "RACE@example.com" }),
    );
    const outcomes = await Promise.all(racers);
    expect(outcomes.filter(({ record }) => record !== null)).toHaveLength(1);
    const codes = outcomes.flatMap(({ userErrors }) => userErrors.map(({ code }) => code));
    expect(codes).toEqual(Array.from({ length: 11 }, () => "DUPLICATE"));
  });

  it("any number of accounts have none", async () => {
    for (const email of [null, "", " "]) {
      expect(expectWritten(await create({ email }))["email"]).toBeNull();
    }
  });
});

describe("last_activity_at, first_contacted_at", () => {
  const log = async (input: Values) =>
    expectWritten(await writes.mutate("createActivity", { input }));
  const [march, april, may] = ["2026-03-01", "2026-04-01", "2026-05-01"].map(
    (day) => `${day}T10:00:00.000Z`,
  );

  it("last_activity_at is the latest occurred_at of its live activities, kept by the write path", async () => {
    const account_id = await made();
    for (const [occurred_at, latest] of [
      [april, april],
      [march, april],
      [may, may],
    ]) {
      await log({ account_id, occurred_at });
      expect(await read(account_id)).toMatchObject({ lastActivityAt: latest });
    }
  });

  it("activities of its deals and contacts count", async () => {
    const account_id = await made();
    const { id: deal_id } = expectWritten(
      await writes.mutate("createDeal", { input: { account_id } }),
    );
    const { id: contact_id } = expectWritten(
      await writes.mutate("createContact", { input: { account_id } }),
    );
    await log({ deal_id, occurred_at: march });
    expect(await read(account_id)).toMatchObject({ lastActivityAt: march });
    await log({ contact_id, occurred_at: april });
    expect(await read(account_id)).toMatchObject({ lastActivityAt: april });
  });

  it("only live ones: what a deletion took no longer counts, what comes back counts again", async () => {
    const account_id = await made();
    await log({ account_id, occurred_at: march });
    const { id } = expectWritten(await writes.mutate("createDeal", { input: { account_id } }));
    await log({ deal_id: id, occurred_at: may });
    const latest = async () => {
      const selection = "lastActivityAt activities(first: 1) { nodes { occurredAt } }";
      const seen = await read(account_id, selection);
      expect(at(seen, "lastActivityAt")).toBe(at(seen, "activities", "nodes", 0, "occurredAt"));
      return at(seen, "lastActivityAt");
    };
    expectWritten(await writes.mutate("deleteDeal", { id }));
    expect(await latest()).toBe(march);
    expectWritten(await writes.mutate("restoreDeal", { id }));
    expect(await latest()).toBe(may);
    expectWritten(await writes.mutate("deleteAccount", { id: account_id }));
    expectWritten(await writes.mutate("restoreAccount", { id: account_id }));
    expect(await latest()).toBe(may);
  });

  it("last_activity_at is derived: what is sent is ignored", async () => {
    const record = expectWritten(await create({ last_activity_at: march }));
    expect(record["lastActivityAt"]).toBeNull();
  });

  it("first_contacted_at is set by the first activity if empty", async () => {
    const account_id = await made();
    await log({ account_id, occurred_at: april });
    await log({ account_id, occurred_at: march });
    expect(await read(account_id)).toMatchObject({ firstContactedAt: april });
    const given = await made({ first_contacted_at: may });
    await log({ account_id: given, occurred_at: march });
    expect(await read(given)).toMatchObject({ firstContactedAt: may });
  });

  it("activities that are logged at once leave the latest", async () => {
    const account_id = await made();
    const times = Array.from({ length: 10 }, (_, day) => `2026-06-${10 + day}T00:00:00.000Z`);
    await Promise.all(times.map((occurred_at) => log({ account_id, occurred_at })));
    expect(await read(account_id)).toMatchObject({ lastActivityAt: times.at(-1) });
  });
});
