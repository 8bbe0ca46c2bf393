import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allListedFields } from "../../src/model/picklist.ts";
import { catalog } from "../../src/modules/catalog.ts";
import { dealStages } from "../../src/modules/deal/stages.ts";
import { idOf, ImportFace } from "../support/imports/face.ts";
import { at, listAt, type TestGateway } from "../support/gateway/gateway.ts";
import { restClient } from "../support/rest/client.ts";
import { expectRefused, expectWritten } from "../support/writes/mutation.ts";
import { listsTenant, setList } from "../support/writes/picklists.ts";
import { Writes } from "../support/writes/writes.ts";

let face: ImportFace;
let gateway: TestGateway;

beforeAll(async () => {
  face = await ImportFace.start();
  ({ gateway } = face.started);
});
afterAll(() => gateway.close());

const newTenant = () => listsTenant(gateway);
const setWell = (key: string, input: object) => setList(gateway, key, input);

const own = [
  { value: "new" },
  { value: "demo", label: "Demo given" },
  { value: "Closed Won", label: "Gewonnen", kind: "won" },
  { value: "dropped", kind: "lost" },
  { value: "closed_lost" },
];
const loss = { loss_reason: "Price", loss_category: "price" };

describe("a tenant that has set nothing", () => {
  it("has the usual stages, empty lists, and takes any text", async () => {
    const { key, deal } = await newTenant();
    const data = await gateway.data(
      key,
      "{ picklists { dealStages { value label order kind } dealTypes { value } strict } picklist(list: dealStages) { version updatedAt isStrict } }",
    );
    expect(data).toEqual({
      picklists: {
        dealStages: dealStages.values.map((one, place) => ({ ...one, order: place + 1 })),
        dealTypes: [],
        strict: [],
      },
      picklist: { version: 0, updatedAt: null, isStrict: false },
    });
    const every = allListedFields(catalog).map(
      ({ list }) => `${list.name} { value label order kind }`,
    );
    expect(
      at(await gateway.data(key, `{ picklists { ${every.join(" ")} strict } }`), "picklists"),
    ).toHaveProperty("contactLeadOrigins", []);
    const closed = { value: "9", probability: "50", currency: "USD" };
    for (const stage of ["Closed Won", "closed_won"])
      expectWritten(await deal({ stage, ...closed }));
    const made = expectWritten(await deal());
    expect(made).toMatchObject({ stage: "lead", actualCloseDate: null });
    expect(
      at(
        await gateway.data(key, "{ pipeline { stage label kind amounts { weightedValue } } }"),
        "pipeline",
      ),
    ).toEqual([
      { stage: "lead", label: "Lead", kind: "open", amounts: [{ weightedValue: "0" }] },
      {
        stage: "Closed Won",
        label: "Closed Won",
        kind: "open",
        amounts: [{ weightedValue: "4.5" }],
      },
      { stage: "closed_won", label: "Closed won", kind: "won", amounts: [{ weightedValue: "9" }] },
    ]);
  });
});

describe("a tenant's own stages", () => {
  it("order, label and weigh its pipeline, and bound its forecast, and nobody else's", async () => {
    const [one, other] = [await newTenant(), await newTenant()];
    await setWell(one.key, { values: own });
    const stages = [
      "dropped",
      "demo",
      "zeta",
      "closed_won",
      "Closed Won",
      "new",
      "closed_lost",
      "alpha",
    ];
    for (const { deal } of [one, other]) {
      for (const stage of stages) {
        const worth = { value: "10", probability: "50", expected_close_date: "2027-01-31" };
        expectWritten(await deal({ stage, ...worth, ...loss }));
      }
    }
    const query =
      "{ pipeline { stage label kind count amounts { weightedValue } } forecast { month count amounts { value } } }";
    gateway.statements.clear();
    const data = await gateway.data(one.key, query);
    expect(gateway.statements.all()).toHaveLength(1);
    const told = listAt(data, "pipeline").map((stage) =>
      [
        at(stage, "stage"),
        at(stage, "label"),
        at(stage, "kind"),
        at(stage, "amounts", 0, "weightedValue"),
      ].join(),
    );
    expect(told).toEqual([
      "new,new,open,5",
      "demo,Demo given,open,5",
      "alpha,alpha,open,5",
      "zeta,zeta,open,5",
      "Closed Won,Gewonnen,won,10",
      "dropped,dropped,lost,0",
      "closed_lost,closed_lost,lost,0",
      "closed_won,closed_won,won,10",
    ]);
    expect(at(data, "forecast")).toEqual([
      { month: "2027-01-01", count: 4, amounts: [{ value: "40" }] },
    ]);
    const others = await gateway.data(other.key, query);
    expect(listAt(others, "pipeline").map((stage) => at(stage, "stage"))).toEqual([
      "alpha",
      "Closed Won",
      "demo",
      "dropped",
      "new",
      "zeta",
      "closed_won",
      "closed_lost",
    ]);
    expect(at(others, "forecast", 0, "count")).toBe(6);
  });

  it("close deals, reopen them, and ask why one was lost", async () => {
    const { key, deal, writes } = await newTenant();
    await setWell(key, { values: own });
    const day = expect.stringMatching(/^\d{4}-\d\d-\d\d$/);
    const made = expectWritten(await deal());
    expect(made).toMatchObject({ stage: "new", actualCloseDate: null });
    const id = String(made["id"]);
    const move = (input: object) =>
      writes.update("Deal", id, { ...input }, "stage actualCloseDate");
    expect(expectWritten(await move({ stage: "Closed Won" }))).toMatchObject({
      actualCloseDate: day,
    });
    expect(expectWritten(await move({ stage: "demo" }))).toMatchObject({ actualCloseDate: null });
    const missing = /is needed when the stage is dropped/;
    expectRefused(await move({ stage: "dropped" }), [
      ["loss_reason", "ValidationError", missing],
      ["loss_category", "ValidationError", missing],
    ]);
    expect(expectWritten(await move({ stage: "dropped", ...loss }))).toMatchObject({
      actualCloseDate: day,
    });
    expectRefused(await move({ loss_reason: null }), [["loss_reason", "ValidationError", missing]]);
    const other = String(expectWritten(await deal({ stage: "demo" }))["id"]);
    // What a stage means changes; the deals in it are not judged again until they move, nor beside others that do.
    await setWell(key, {
      values: [{ value: "demo", kind: "lost" }, { value: "dropped" }, { value: "back" }],
    });
    const third = String(expectWritten(await deal({ stage: "back" }))["id"]);
    const batch = await gateway.data(
      key,
      "mutation ($inputs: [UpdateDealInput!]!) { updateDeals(inputs: $inputs) { written } }",
      {
        inputs: [
          { id: other, name: "Named" },
          { id: third, stage: "new" },
        ],
      },
    );
    expect(at(batch, "updateDeals", "written")).toBe(2);
    await setWell(key, { values: [{ value: "dropped", kind: "open" }] });
    expect(expectWritten(await move({ name: "Cranes", loss_reason: null }))).toMatchObject({
      actualCloseDate: day,
    });
  });
});

describe("a strict list", () => {
  const refusal = (path: string, message: RegExp) => [[path, "ValidationError", message]] as const;

  it("refuses other values wherever they come in, and says which one was meant", async () => {
    const { key, deal, writes, account_id } = await newTenant();
    const kept = expectWritten(await deal({ stage: "Old stage" }));
    await setWell(key, { strict: true });
    const meant =
      /^stage must be a value of the tenant's list: lead, qualified, proposal, negotiation, closed_won, closed_lost\. Did you mean closed_won\?$/;
    for (const stage of ["Closed Won", "CLOSED-WON", "closed  won"]) {
      expectRefused(await deal({ stage }), refusal("stage", meant));
    }
    expectRefused(await deal({ stage: "won" }), refusal("stage", /closed_lost\.$/));
    const id = String(kept["id"]);
    expectRefused(
      await writes.update("Deal", id, { stage: "nowhere" }),
      refusal("stage", /must be/),
    );
    const moved = await writes.mutate("moveDeal", { id, stage: "nowhere" });
    expectRefused(moved, refusal("stage", /must be/));
    // As it is stored, it is not judged.
    expectWritten(await writes.update("Deal", id, { stage: "Old stage", name: "Kept" }));
    expectWritten(await writes.update("Deal", id, { stage: "qualified" }));
    expectRefused(
      await writes.update("Deal", id, { stage: "Old stage" }),
      refusal("stage", /must be/),
    );
    const batch = await writes.mutateMany("createDeals", {
      inputs: [
        { account_id, stage: "lead" },
        { account_id, stage: "Lead" },
      ],
      onError: "continue",
    });
    expect(batch.results.map(({ userErrors }) => userErrors.length)).toEqual([0, 1]);
    const upsert = { input: { account_id, deal_number: "D-9", stage: "Proposal" } };
    expectRefused(await writes.mutate("upsertDeal", upsert), refusal("stage", /mean proposal\?$/));
    const rest = await restClient(gateway, { "x-api-key": key }).post("/api/v1/crm/deals", {
      account_id,
      stage: "Proposal",
    });
    expect(rest.status).toBe(400);
    expect(JSON.stringify(rest.body)).toContain("Did you mean proposal?");
  });

  it("is any field's that has a list", async () => {
    const { key, writes } = await newTenant();
    const values = [{ value: "Ports" }, { value: "5112", label: "Software" }];
    await setWell(key, { list: "accountIndustries", values, strict: true });
    await setWell(key, { list: "contactSeniorities", values: [{ value: "C" }], strict: true });
    expectWritten(await writes.create("Account", { name: "Harbor", industry: "5112" }));
    expectWritten(await writes.create("Account", { name: "Nothing said" }));
    expectRefused(
      await writes.create("Account", { industry: "software", lifecycle_stage: "anything" }),
      refusal("industry", /Ports, 5112\. Did you mean 5112\?$/),
    );
    expectRefused(
      await writes.create("Contact", { seniority: "c" }),
      refusal("seniority", /mean C\?/),
    );
    expect(at(await gateway.data(key, "{ picklists { strict } }"), "picklists", "strict")).toEqual([
      "accountIndustries",
      "contactSeniorities",
    ]);
  });

  it("names as many values as fit", async () => {
    const { key, deal } = await newTenant();
    const values = Array.from({ length: 200 }, (_, index) => ({
      value: `stage ${index}`.padEnd(255, "x"),
    }));
    await setWell(key, { values, strict: true });
    expectRefused(await deal({ stage: "lead" }), refusal("stage", /^.{200,700} and 199 more\.$/));
    // Nothing was said, so the first open stage is taken.
    expect(expectWritten(await deal())).toMatchObject({ stage: values[0]?.value });
  });

  it("takes labels of values in imports, and refuses what is on no list", async () => {
    const { key } = face.started;
    const values = [{ value: "new" }, { value: "won!", label: "Gewonnen", kind: "won" }];
    await setWell(key, { values, strict: true });
    const account = String(
      (await new Writes(gateway, key).created("Account", { name: "A" }))["id"],
    );
    const file = `account_id,name,stage\n${account},a,gewonnen\n${account},b,New\n${account},c,Old\n`;
    // Read beside an import of a tenant that has set nothing.
    const others = await newTenant();
    const other = `account_id,name,stage\n${others.account_id},a,Gewonnen\n${others.account_id},b,Closed Won\n`;
    const beside = await face.send(other, { query: "entity=deals", key: others.key });
    const over = await face.over(await face.send(file, { query: "entity=deals" }));
    expect(over).toMatchObject({ rows_created: 2, rows_refused: 1 });
    const stagesOf = `{ import(id: "${idOf(beside)}") { status } deals(orderBy: { name: asc }) { nodes { stage } } }`;
    await expect
      .poll(() => gateway.data(others.key, stagesOf))
      .toEqual({
        import: { status: "done" },
        deals: { nodes: [{ stage: "Gewonnen" }, { stage: "closed_won" }] },
      });
    const deals = await gateway.data(key, "{ deals { nodes { name stage } } }");
    expect(listAt(deals, "deals", "nodes")).toEqual(
      expect.arrayContaining([
        { name: "a", stage: "won!" },
        { name: "b", stage: "new" },
      ]),
    );
  });

  it("costs writes nothing that do not fill such a field", async () => {
    const { key, deal, writes } = await newTenant();
    await setWell(key, { strict: true });
    const id = String(expectWritten(await deal())["id"]);
    const asked = async (input: object): Promise<number> => {
      gateway.statements.clear();
      expectWritten(await writes.update("Deal", id, { ...input }));
      return gateway.statements.all().filter(({ text }) => text.includes("picklists")).length;
    };
    expect([await asked({ name: "x", value: "1" }), await asked({ stage: "qualified" })]).toEqual([
      0, 1,
    ]);
  });
});
