import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { at, type TestGateway } from "../support/gateway/gateway.ts";
import { done, merge } from "../support/writes/merging.ts";
import { unknownId } from "../support/samples/one-of-each.ts";
import { idOf, problemsOf } from "../support/writes/mutation.ts";
import { boundKey, rowsOf, Writes } from "../support/writes/writes.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let write: Writes;
let key: string;

beforeAll(async () => {
  ({ gateway, tenant, key, writes: write } = await startTenant("ours"));
});
afterAll(() => gateway.close());

type Input = Readonly<Record<string, unknown>>;
const made = async (type: string, input: Input = {}, calls = write) =>
  idOf(await calls.created(type, input));

/** Everything that is stored. */
async function everything(): Promise<string> {
  const tables = ["accounts", "contacts", "deals", "change_events"];
  const rows = await rowsOf(
    gateway,
    tables
      .map((table) => `SELECT to_jsonb(t)::text AS row FROM ${table} t`)
      .join(" UNION ALL ")
      .concat(" ORDER BY 1"),
  );
  return JSON.stringify(rows);
}

describe.each(["account", "contact"] as const)(
  "merging %ss is refused, and nothing is written,",
  (kind) => {
    const type = kind === "account" ? "Account" : "Contact";

    it("into itself, in whatever form", async () => {
      const id = await made(type);
      const before = await everything();
      for (const from of [
        id,
        id.slice(4),
        id.toUpperCase().replace(/^[A-Z]+/, (p) => p.toLowerCase()),
      ]) {
        const { problems, messages, record, merged } = await merge(gateway, key, kind, {
          into: id,
          from,
        });
        expect(problems).toEqual(["BAD_USER_INPUT from"]);
        expect(messages[0]).toContain("the same");
        expect([record, merged]).toEqual([null, null]);
      }
      expect(await everything()).toBe(before);
    });

    it("when one is not there, deleted, merged, or another tenant's: all the same", async () => {
      const theirs = await gateway.fixtures.tenant(`theirs-${kind}`);
      const foreign = kind === "account" ? await theirs.account() : await theirs.contact(null);
      const [own, gone, merged] = [await made(type), await made(type), await made(type)];
      await write.delete(type, gone);
      done(await merge(gateway, key, kind, { into: own, from: merged }));
      for (const other of [unknownId(kind), gone, merged, foreign.id]) {
        const answers = [
          await merge(gateway, key, kind, { into: own, from: other }),
          await merge(gateway, key, kind, { into: other, from: own }),
        ];
        expect(answers.map(({ problems }) => problems)).toEqual([
          ["NOT_FOUND from"],
          ["NOT_FOUND into"],
        ]);
        expect(answers.map(({ messages }) => messages)).toEqual([
          [`There is no such ${type}.`],
          [`There is no such ${type}.`],
        ]);
      }
      const both = await merge(gateway, key, kind, { into: gone, from: foreign.id });
      expect(both.problems).toEqual(["NOT_FOUND into", "NOT_FOUND from"]);
    });

    it("when an id is another entity's or no id", async () => {
      const own = await made(type);
      const wrong = await made(kind === "account" ? "Contact" : "Account");
      const answer = await merge(gateway, key, kind, { into: "x", from: wrong });
      expect(answer.problems).toEqual(["BAD_USER_INPUT into", "BAD_USER_INPUT from"]);
      expect((await merge(gateway, key, kind, { into: own, from: "" })).problems).toEqual([
        "BAD_USER_INPUT from",
      ]);
    });

    it("when a version is not the current one, with the record as it is", async () => {
      const ids = { into: await made(type), from: await made(type) };
      const { problems, payload } = await merge(gateway, key, kind, {
        ...ids,
        intoVersion: 2,
        fromVersion: 3,
      });
      expect(problems).toEqual(["CONFLICT intoVersion", "CONFLICT fromVersion"]);
      expect(at(payload, "userErrors", 0, "current", "id")).toBe(ids.into);
      expect(at(payload, "userErrors", 1, "current", "id")).toBe(ids.from);
      done(await merge(gateway, key, kind, { ...ids, intoVersion: 1, fromVersion: 1 }));
    });

    it("when the one that goes is above the survivor; the other way round it works", async () => {
      const parent = kind === "account" ? "parent_account_id" : "reports_to_contact_id";
      const top = await made(type);
      const middle = await made(type, { [parent]: top });
      const bottom = await made(type, { [parent]: middle });
      for (const into of [middle, bottom]) {
        const { problems, messages } = await merge(gateway, key, kind, { into, from: top });
        expect(problems).toEqual(["BAD_USER_INPUT from"]);
        expect(messages[0]).toMatch(/circle.*other way round/);
      }
      done(await merge(gateway, key, kind, { into: top, from: middle }));
      const field = kind === "account" ? "parentAccountId" : "reportsToContactId";
      expect(await write.read(type, bottom, field)).toEqual({ [field]: top });
    });

    it("without the scope to write them", async () => {
      const ids = { into: await made(type), from: await made(type) };
      const reader = await gateway.keyFor("ours", ["read:*", "write:deals"]);
      const answer = await gateway.ask(
        reader,
        `mutation ($into: ID!, $from: ID!) { merge${type}s(into: $into, from: $from, dryRun: true) { dryRun } }`,
        ids,
      );
      expect(answer.errors?.[0]?.extensions).toEqual({
        code: "FORBIDDEN",
        missingScopes: [`write:${kind}s`],
      });
    });
  },
);

it("accounts are not merged when that would make a chain of more than 50", async () => {
  const chainOf = async (length: number) => {
    const ids: string[] = [];
    for (let level = 0; level < length; level += 1) {
      ids.push(await made("Account", { parent_account_id: ids.at(-1) ?? null }));
    }
    return ids;
  };
  const [upper, lower] = [await chainOf(30), await chainOf(22)];
  const tooDeep = { into: upper[29] ?? "", from: lower[0] ?? "" };
  const { problems, messages } = await merge(gateway, key, "account", tooDeep);
  expect(problems).toEqual(["BAD_USER_INPUT from"]);
  expect(messages[0]).toContain("50");
  done(await merge(gateway, key, "account", { into: upper[28] ?? "", from: lower[0] ?? "" }));
});

it("a contact does not take an email over that a third one has where it comes to", async () => {
  const account_id = await made("Account");
  const third = await made("Contact", { account_id, email: "doe@third.example" });
  const into = await made("Contact", { account_id });
  const from = await made("Contact", { email: "DOE@third.example" });
  const { problems, payload } = await merge(gateway, key, "contact", { into, from });
  expect(problems).toEqual(["DUPLICATE into"]);
  expect(at(payload, "userErrors", 0, "existingId")).toBe(third);
  done(await merge(gateway, key, "contact", { into: third, from: into }));
  done(await merge(gateway, key, "contact", { into: third, from }));
});

describe("what was merged", () => {
  it("does not come back: not by restore, not by upsert; it names its survivor", async () => {
    for (const type of ["Account", "Contact"] as const) {
      const kind = type === "Account" ? "account" : "contact";
      const into = await made(type, { email: `kept@${kind}.example` });
      const from = await made(type, { email: `gone@${kind}.example` });
      done(await merge(gateway, key, kind, { into, from }));
      const outcome = await write.restore(type, from);
      expect(problemsOf(outcome)).toEqual(["BAD_USER_INPUT id"]);
      expect(at(outcome.userErrors[0], "message")).toContain(`was merged into ${into}`);
      const upsert = await write.upsert(type, { email: `gone@${kind}.example` }, { restore: true });
      expect(problemsOf(upsert)).toEqual(["BAD_USER_INPUT id"]);
      // Without asking for the deleted one it makes a new one, as ever.
      expect(problemsOf(await write.upsert(type, { email: `gone@${kind}.example` }))).toEqual([]);
    }
  });

  it("has a pointer that callers cannot write", async () => {
    const [one, other] = [await made("Account"), await made("Account")];
    await write.updated("Account", one, { merged_into_id: other });
    expect(await write.read("Account", one, "mergedIntoId version")).toEqual({
      mergedIntoId: null,
      version: 2,
    });
  });

  it("stays away when the survivor is deleted and comes back", async () => {
    const [into, from] = [await made("Account"), await made("Account")];
    const contact = await made("Contact", { account_id: from });
    done(await merge(gateway, key, "account", { into, from }));
    await write.delete("Account", into);
    expect(problemsOf(await write.restore("Account", from))).toEqual(["BAD_USER_INPUT id"]);
    await write.restore("Account", into);
    expect(await write.read("Contact", contact, "accountId isDeleted")).toEqual({
      accountId: into,
      isDeleted: false,
    });
    expect(await write.read("Account", from, "id")).toBeNull();
  });
});

describe("an application", () => {
  let app: Writes;
  beforeAll(async () => {
    app = new Writes(gateway, await boundKey(gateway, key, { app_id: "app-1" }));
  });

  it("merges its own records only", async () => {
    const own = await made("Account", {}, app);
    const other = await made("Account");
    const answers = [
      await merge(gateway, app.key, "account", { into: own, from: other }),
      await merge(gateway, app.key, "account", { into: other, from: own }),
    ];
    expect(answers.map(({ problems }) => problems)).toEqual([
      ["NOT_FOUND from"],
      ["NOT_FOUND into"],
    ]);
  });

  it("takes along what others hung on them, as a deletion does, and is told of its own only", async () => {
    const [into, from] = [await made("Account", {}, app), await made("Account", {}, app)];
    await made("Deal", { account_id: from }, app);
    const hidden = await made("Deal", { account_id: from });
    const answer = done(await merge(gateway, app.key, "account", { into, from }));
    expect(answer.moved).toEqual({ "Deal.account_id": 1 });
    expect(await write.read("Deal", hidden, "accountId")).toEqual({ accountId: into });
  });

  it("does not merge people of others, and is not told who they are", async () => {
    const [into, from] = [await made("Account", {}, app), await made("Account", {}, app)];
    await made("Contact", { account_id: into, email: "a@shared.example" }, app);
    await made("Contact", { account_id: from, email: "a@shared.example", job_title: "Spy" });
    const before = await everything();
    const { problems, payload } = await merge(gateway, app.key, "account", { into, from });
    expect(problems).toEqual(["DUPLICATE from"]);
    expect(at(payload, "userErrors", 0, "existingId")).toBeNull();
    expect(JSON.stringify(payload)).not.toMatch(/Spy|con-/);
    expect(await everything()).toBe(before);
  });
});

it("another tenant's records are never touched, and its equal emails are no twins", async () => {
  const theirs = await gateway.fixtures.tenant("theirs");
  const account = await theirs.account();
  await theirs.contact(account, { email: "ned@tenant.example" });
  const [into, from] = [await tenant.account(), await tenant.account()];
  await tenant.contact(from, { email: "ned@tenant.example" });
  const answer = done(await merge(gateway, key, "account", { into: into.id, from: from.id }));
  expect(answer.contactsMerged).toEqual([]);
  expect(answer.moved).toEqual({ "Contact.account_id": 1 });
});
