import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { idOf, problemsOf } from "../support/writes/mutation.ts";
import { noon } from "../support/samples/noon.ts";
import { Writes } from "../support/writes/writes.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let account: Made;
let write: Writes;
const { timeZone: time_zone, today } = noon();
const thisYear = today.slice(0, 4);

beforeAll(async () => {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("deals", { default_currency: "CHF", time_zone });
  account = await tenant.account();
  write = new Writes(gateway, await gateway.keyFor(tenant.slug));
});
afterAll(() => gateway.close());

const make = (values: Readonly<Record<string, unknown>> = {}, selection?: string) =>
  write.created("Deal", { account_id: account.id, ...values }, selection);
const attempt = (values: Readonly<Record<string, unknown>> = {}) =>
  write.create("Deal", { account_id: account.id, ...values });

describe("account_id", () => {
  it("is needed on create", async () => {
    const query =
      "mutation ($input: CreateDealInput!) { createDeal(input: $input) { deal { id } } }";
    const { errors = [] } = await gateway.ask(write.key, query, { input: { name: "no account" } });
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(["BAD_USER_INPUT"]);
    expect(errors[0]?.message).toContain("account_id");
    const outcome = await write.update("Deal", idOf(await make()), { account_id: null });
    expect(problemsOf(outcome)).toEqual(["BAD_USER_INPUT account_id"]);
  });

  it("names the account that the deal is with, both ways", async () => {
    const own = await tenant.account();
    const deal = await make(
      { account_id: own.uuid },
      "id accountId account { deals { nodes { id } } }",
    );
    expect(deal).toEqual({
      id: idOf(deal),
      accountId: own.id,
      account: { deals: { nodes: [{ id: idOf(deal) }] } },
    });
  });
});

describe("deal_number", () => {
  it("is DEAL-<year>-<number>, counted per tenant and year", async () => {
    const numbers: unknown[] = [];
    for (const slug of ["counts", "counts-too"]) {
      const other = await gateway.fixtures.tenant(slug, { time_zone });
      const owner = await other.account();
      const calls = new Writes(gateway, await gateway.keyFor(slug));
      for (let count = 0; count < 2; count += 1) {
        const input = { account_id: owner.id };
        numbers.push(at(await calls.created("Deal", input, "dealNumber"), "dealNumber"));
      }
    }
    const [first, second] = [`DEAL-${thisYear}-00001`, `DEAL-${thisYear}-00002`];
    expect(numbers).toEqual([first, second, first, second]);
  });

  it("given on input is kept if free", async () => {
    const deal = await make({ deal_number: " DEAL-1999-00417 " }, "dealNumber");
    expect(deal).toEqual({ dealNumber: "DEAL-1999-00417" });
  });

  it("that a live deal has is a duplicate, with its id", async () => {
    const first = idOf(await make({ deal_number: "DEAL-1999-7" }));
    const other = idOf(await make());
    for (const outcome of [
      await attempt({ deal_number: "DEAL-1999-7" }),
      await write.update("Deal", other, { deal_number: "DEAL-1999-7" }),
    ]) {
      expect(problemsOf(outcome)).toEqual(["DUPLICATE deal_number"]);
      expect(outcome.userErrors[0]).toMatchObject({
        __typename: "DuplicateError",
        existingId: first,
        existing: { id: first },
      });
    }
    await write.delete("Deal", first);
    expect(problemsOf(await attempt({ deal_number: "DEAL-1999-7" }))).toEqual([]);
  });

  it("that was chosen by hand is left out when numbers are drawn", async () => {
    const last = String(at(await make({}, "dealNumber"), "dealNumber"));
    const next = Number(last.slice(-5)) + 1;
    const number = (n: number) => `DEAL-${thisYear}-${String(n).padStart(5, "0")}`;
    await make({ deal_number: number(next) });
    expect(await make({}, "dealNumber")).toEqual({ dealNumber: number(next + 1) });
  });
});

describe("deal_numbers of one call", () => {
  const createMany = async (slug: string, numbers: readonly (string | null)[]) => {
    const other = await gateway.fixtures.tenant(slug, { time_zone });
    const owner = await other.account();
    const data = await gateway.data(
      await gateway.keyFor(slug),
      "mutation ($inputs: [CreateDealInput!]!) { createDeals(inputs: $inputs) { results { deal { dealNumber } userErrors { code path } } } }",
      { inputs: numbers.map((deal_number) => ({ account_id: owner.id, deal_number })) },
    );
    return listAt(data, "createDeals", "results");
  };
  const made = (dealNumber: string) => ({ deal: { dealNumber }, userErrors: [] });
  const number = (n: number) => `DEAL-${thisYear}-${String(n).padStart(5, "0")}`;

  it("that are drawn leave out those that are given", async () => {
    const results = await createMany("mixed", [null, number(2), null]);
    expect(results).toEqual([number(1), number(2), number(3)].map(made));
  });

  it("are compared as they are, and twice the same is a duplicate of the later row", async () => {
    expect(await createMany("cases", ["D-a", "D-A"])).toEqual(["D-a", "D-A"].map(made));
    expect(await createMany("same", ["D-a", "D-a"])).toEqual([
      { deal: null, userErrors: [] },
      { deal: null, userErrors: [{ code: "DUPLICATE", path: ["deal_number"] }] },
    ]);
  });
});

describe("what a deal holds", () => {
  it("stage is lead unless given, and may be any text", async () => {
    expect(await make({}, "stage")).toEqual({ stage: "lead" });
    for (const stage of ["qualified", "proposal", "negotiation", "Legal review"]) {
      expect(await make({ stage }, "stage")).toEqual({ stage });
    }
  });

  it("currency is the tenant's unless given, and an ISO 4217 code", async () => {
    expect(await make({}, "currency")).toEqual({ currency: "CHF" });
    expect(await make({ currency: "eur" }, "currency")).toEqual({ currency: "EUR" });
    const outcome = await attempt({ currency: "XQQ" });
    expect(problemsOf(outcome)).toEqual(["BAD_USER_INPUT currency"]);
  });

  it("value is an exact decimal", async () => {
    const value = "123456789012345.6789";
    expect(await make({ value }, "value")).toEqual({ value });
    expect(await make({ value: 10.5 }, "value")).toEqual({ value: "10.5" });
    expect(problemsOf(await attempt({ value: "0.00001" }))).toEqual(["BAD_USER_INPUT value"]);
  });

  it.each([
    [0, true],
    ["99.5", true],
    [100, true],
    [-1, false],
    ["100.0001", false],
  ])("probability is from 0 to 100: %s", async (probability, isFine) => {
    const problems = isFine ? [] : ["BAD_USER_INPUT probability"];
    expect(problemsOf(await attempt({ probability }))).toEqual(problems);
  });

  it("its days are days, and an instant is taken as its UTC day", async () => {
    const selection = "expectedCloseDate nextFollowupDate actualCloseDate";
    const days = {
      expected_close_date: "2026-11-30",
      next_followup_date: "2026-10-01T23:30:00-02:00",
    };
    expect(await make(days, selection)).toEqual({
      expectedCloseDate: "2026-11-30",
      nextFollowupDate: "2026-10-02",
      actualCloseDate: null,
    });
    const outcome = await attempt({ expected_close_date: "2026-02-30" });
    expect(problemsOf(outcome)).toEqual(["BAD_USER_INPUT expected_close_date"]);
  });

  it("competitors, outside references, tags and custom_fields are kept as given", async () => {
    const selection =
      "competitors rfpRecordId ownerId pipelineId proposalIds attachmentRefs linkedTaskIds tags customFields";
    const deal = await make(
      {
        competitors: ["Acme", "Acme", "Bolt"],
        rfp_record_id: " rfp-7 ",
        owner_id: "usr-1",
        pipeline_id: "pipe-1",
        proposal_ids: ["p-1"],
        attachment_refs: ["deals/nda.pdf"],
        linked_task_ids: ["tsk-1", "tsk-2"],
        tags: ["hot"],
        custom_fields: { risk: { score: 7 } },
      },
      selection,
    );
    expect(deal).toEqual({
      competitors: ["Acme", "Bolt"],
      rfpRecordId: "rfp-7",
      ownerId: "usr-1",
      pipelineId: "pipe-1",
      proposalIds: ["p-1"],
      attachmentRefs: ["deals/nda.pdf"],
      linkedTaskIds: ["tsk-1", "tsk-2"],
      tags: ["hot"],
      customFields: { risk: { score: 7 } },
    });
  });
});

describe("closing", () => {
  const loss = { loss_reason: "Price", loss_category: "budget" };
  const closing = "stage actualCloseDate";

  it("closed_lost needs loss_reason and loss_category", async () => {
    const both = ["BAD_USER_INPUT loss_reason", "BAD_USER_INPUT loss_category"];
    expect(problemsOf(await attempt({ stage: "closed_lost", loss_reason: " " }))).toEqual(both);
    const id = idOf(await make());
    const stage = "closed_lost";
    expect(problemsOf(await write.update("Deal", id, { stage }))).toEqual(both);
    const half = await write.update("Deal", id, { stage, loss_reason: "Price" });
    expect(problemsOf(half)).toEqual(["BAD_USER_INPUT loss_category"]);
    expect(problemsOf(await write.update("Deal", id, { stage, ...loss }))).toEqual([]);
    const cleared = await write.update("Deal", id, { loss_reason: null });
    expect(problemsOf(cleared)).toEqual(["BAD_USER_INPUT loss_reason"]);
  });

  it("closed_won and closed_lost set actual_close_date if absent", async () => {
    const stages = [{ stage: "closed_won" }, { stage: "closed_lost", ...loss }];
    for (const input of stages) {
      const expected = { stage: input.stage, actualCloseDate: today };
      expect(await make(input, closing)).toEqual(expected);
      expect(await write.updated("Deal", idOf(await make()), input, closing)).toEqual(expected);
      const given = { ...input, actual_close_date: "2026-01-15" };
      expect(await make(given, closing)).toEqual({ ...expected, actualCloseDate: "2026-01-15" });
    }
  });

  it("reopening clears actual_close_date", async () => {
    const id = idOf(await make({ stage: "closed_won" }));
    const reopened = await write.updated("Deal", id, { stage: "negotiation" }, closing);
    expect(reopened).toEqual({ stage: "negotiation", actualCloseDate: null });
  });

  it("from one closing stage to the other keeps actual_close_date", async () => {
    const id = idOf(await make({ stage: "closed_won", actual_close_date: "2026-01-15" }));
    const lost = await write.updated("Deal", id, { stage: "closed_lost", ...loss }, closing);
    expect(lost).toEqual({ stage: "closed_lost", actualCloseDate: "2026-01-15" });
  });
});

describe("contacts", () => {
  const selection = "id primaryContactId contacts { nodes { id } }";
  const people = (deal: unknown) => listAt(deal, "contacts", "nodes").map(idOf).toSorted();

  it("contact_ids is a many-to-many edge, walked both ways", async () => {
    const [first, second] = [await tenant.contact(account), await tenant.contact(null)];
    const one = await make({ contact_ids: [first.id, second.uuid, first.id] }, selection);
    const two = await make({ contact_ids: [first.id] }, selection);
    expect(people(one)).toEqual([first.id, second.id].toSorted());
    const contact = await write.read("Contact", first.id, "deals { nodes { id } }");
    expect(listAt(contact, "deals", "nodes").map(idOf).toSorted()).toEqual(
      [idOf(one), idOf(two)].toSorted(),
    );
  });

  it("contact_ids on update replaces all", async () => {
    const [first, second] = [await tenant.contact(account), await tenant.contact(account)];
    const id = idOf(await make({ contact_ids: [first.id] }));
    expect(
      people(await write.updated("Deal", id, { contact_ids: [second.id] }, selection)),
    ).toEqual([second.id]);
    expect(people(await write.updated("Deal", id, { name: "Same people" }, selection))).toEqual([
      second.id,
    ]);
    const refused = await write.update("Deal", id, { contact_ids: null });
    expect(problemsOf(refused)).toEqual(["BAD_USER_INPUT contact_ids"]);
    expect(people(await write.updated("Deal", id, { contact_ids: [] }, selection))).toEqual([]);
  });

  it("its contacts must belong to the tenant", async () => {
    const other = await gateway.fixtures.tenant("deals-foreign");
    const stranger = await other.contact(null);
    const own = await tenant.contact(account);
    const outcome = await attempt({
      contact_ids: [own.id, stranger.id],
      primary_contact_id: stranger.id,
    });
    expect(problemsOf(outcome).toSorted()).toEqual([
      "NOT_FOUND contact_ids.1",
      "NOT_FOUND primary_contact_id",
    ]);
  });

  it("its primary contact is one of contact_ids, added if absent", async () => {
    const [first, second] = [await tenant.contact(account), await tenant.contact(account)];
    const alone = await make({ primary_contact_id: first.id }, selection);
    expect(people(alone)).toEqual([first.id]);
    const both = await make({ primary_contact_id: first.id, contact_ids: [second.id] }, selection);
    expect(people(both)).toEqual([first.id, second.id].toSorted());
    const kept = await write.updated("Deal", idOf(both), { contact_ids: [second.id] }, selection);
    expect(people(kept)).toEqual([first.id, second.id].toSorted());
    const moved = await write.updated(
      "Deal",
      idOf(alone),
      { primary_contact_id: second.id },
      selection,
    );
    expect(people(moved)).toEqual([first.id, second.id].toSorted());
    expect(at(moved, "primaryContactId")).toBe(second.id);
  });
});

it("quote_ids is derived from the quotes that point at the deal", async () => {
  const quote = await tenant.quote(account, null);
  const deal = await make({ quote_ids: [quote.id] }, "id quotes { nodes { id } }");
  expect(listAt(deal, "quotes", "nodes")).toEqual([]);
  await write.updated("Quote", quote.id, { deal_id: idOf(deal) });
  const read = await write.read("Deal", idOf(deal), "quotes { nodes { id } }");
  expect(listAt(read, "quotes", "nodes").map(idOf)).toEqual([quote.id]);
});

it("audit_log has one entry per change of stage: from, to, at, by", async () => {
  const id = idOf(await make({ audit_log: [{ to: "made up" }] }));
  await write.updated("Deal", id, { stage: "proposal" });
  await write.updated("Deal", id, { stage: "proposal", name: "The same stage" });
  await write.updated("Deal", id, { stage: "closed_won" });
  const selection =
    "updatedBy updatedAt stageHistory { nodes { fromStage toStage changedAt changedBy } }";
  const deal = await write.read("Deal", id, selection);
  const history = listAt(deal, "stageHistory", "nodes").toReversed();
  const steps = history.map((entry) => [at(entry, "fromStage"), at(entry, "toStage")]);
  expect(steps).toEqual([
    [null, "lead"],
    ["lead", "proposal"],
    ["proposal", "closed_won"],
  ]);
  expect(history.at(-1)).toMatchObject({
    changedAt: at(deal, "updatedAt"),
    changedBy: at(deal, "updatedBy"),
  });
});

describe("moveDeal", () => {
  const move = (id: string, args: Readonly<Record<string, unknown>>) =>
    write.mutate("moveDeal", { id, ...args }, "stage lossReason actualCloseDate version");

  it("moves a deal as an update of its stage does, and writes nothing if it is there", async () => {
    const id = idOf(await make());
    expect((await move(id, { stage: "proposal", version: 1 })).record).toMatchObject({
      stage: "proposal",
      version: 2,
    });
    expect((await move(id, { stage: "proposal" })).record).toMatchObject({ version: 2 });
    expect(problemsOf(await move(id, { stage: "qualified", version: 1 }))).toEqual([
      "CONFLICT version",
    ]);
    expect(problemsOf(await move(id, { stage: " " }))).toEqual(["BAD_USER_INPUT stage"]);
    const history = await write.read("Deal", id, "stageHistory { totalCount }");
    expect(history).toEqual({ stageHistory: { totalCount: 2 } });
  });

  it("needs the reasons of a loss, and closes the deal today", async () => {
    const id = idOf(await make());
    expect(problemsOf(await move(id, { stage: "closed_lost" }))).toEqual([
      "BAD_USER_INPUT loss_reason",
      "BAD_USER_INPUT loss_category",
    ]);
    const loss = { lossReason: "price", lossCategory: "budget", closureNotes: "Too dear." };
    const { record } = await move(id, { stage: "closed_lost", ...loss });
    expect(record).toMatchObject({ stage: "closed_lost", lossReason: "price", version: 2 });
    expect(at(record, "actualCloseDate")).not.toBeNull();
    expect((await move(id, { stage: "lead", lossReason: null })).record).toMatchObject({
      lossReason: null,
      actualCloseDate: null,
    });
  });
});
