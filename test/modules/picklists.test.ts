import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allListedFields } from "../../src/model/picklist.ts";
import { catalog } from "../../src/modules/catalog.ts";
import { dealStages } from "../../src/modules/deal/stages.ts";
import { idOf, ImportFace } from "../support/imports/face.ts";
import { at, listAt, type TestGateway } from "../support/gateway/gateway.ts";
import { runCli } from "../support/processes/cli.ts";
import { restClient } from "../support/rest/client.ts";
import { expectRefused, expectWritten } from "../support/writes/mutation.ts";
import { Writes } from "../support/writes/writes.ts";

let face: ImportFace;
let gateway: TestGateway;
let tenants = 0;

beforeAll(async () => {
  face = await ImportFace.start();
  ({ gateway } = face.started);
});
afterAll(() => gateway.close());

/** A tenant of its own, with an account to hang deals on. */
async function newTenant() {
  tenants += 1;
  const tenant = await gateway.fixtures.tenant(`lists-${tenants}`);
  const key = await gateway.keyFor(tenant.slug);
  const account_id = `acc-${(await tenant.account()).uuid}`;
  const writes = new Writes(gateway, key);
  const deal = (input: object = {}) =>
    writes.create("Deal", { account_id, ...input }, "id stage actualCloseDate");
  return { tenant, key, account_id, writes, deal };
}

const shown = "list isStrict version updatedBy values { value label order kind }";
const settingText = `mutation ($input: SetPicklistInput!) { setPicklist(input: $input) {
  picklist { ${shown} updatedAt } userErrors { __typename code path message } } }`;

async function set(key: string, input: object): Promise<unknown> {
  return at(
    await gateway.data(key, settingText, { input: { list: "dealStages", ...input } }),
    "setPicklist",
  );
}
async function setWell(key: string, input: object): Promise<unknown> {
  const done = await set(key, input);
  expect(at(done, "userErrors")).toEqual([]);
  return at(done, "picklist");
}

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

describe("setting a list", () => {
  it.each<readonly [string, object, path: string, message: RegExp]>([
    ["nothing to change", {}, "values", /^values or strict is needed/],
    ["no values", { values: [] }, "values", /at least one value/],
    [
      "201 values",
      { values: Array.from({ length: 201 }, (_, at_) => ({ value: `${at_}` })) },
      "values",
      /at most 200 values/,
    ],
    ["a blank value", { values: [{ value: " \t" }] }, "values.0.value", /cannot be empty/],
    [
      "a value twice",
      { values: [{ value: "a" }, { value: " a " }] },
      "values.1.value",
      /same as values\.0/,
    ],
    ["a long value", { values: [{ value: "x".repeat(256) }] }, "values.0.value", /at most 255/],
    [
      "a long label",
      { values: [{ value: "x", label: "x".repeat(256) }] },
      "values.0.label",
      /at most 255/,
    ],
    ["half a surrogate pair", { values: [{ value: "\ud800" }] }, "values.0.value", /surrogate/],
    [
      "another kind of closed_won",
      { values: [{ value: "closed_won", kind: "open" }] },
      "values.0.kind",
      /must be won/,
    ],
    [
      "kinds of other lists",
      { list: "dealTypes", values: [{ value: "a", kind: "won" }] },
      "values.0.kind",
      /stages of deals/,
    ],
    [
      "a strict list without values",
      { list: "dealTypes", strict: true },
      "strict",
      /needs a list with values/,
    ],
  ])("%s is refused, and nothing is changed", async (_, input, path, message) => {
    const { key } = await newTenant();
    const done = await set(key, input);
    expect(
      listAt(done, "userErrors").map((error) => [
        listAt(error, "path").join("."),
        at(error, "code"),
      ]),
    ).toEqual([[path, "BAD_USER_INPUT"]]);
    expect(at(done, "userErrors", 0, "message")).toMatch(message);
    expect(at(done, "picklist")).toMatchObject({ version: 0, isStrict: false });
    const { rows } = await gateway.fixtures.client.query(
      "SELECT 1 FROM picklists p JOIN tenants t ON t.id = p.tenant_id WHERE t.slug = $1",
      [`lists-${tenants}`],
    );
    expect(rows).toEqual([]);
  });

  it("is won by one of ten with the same version; a version is never used twice", async () => {
    const { key } = await newTenant();
    const racers = Array.from({ length: 10 }, (_, index) =>
      set(key, { values: [{ value: `s${index}` }], version: 0 }),
    );
    const codes = (await Promise.all(racers)).map((done) =>
      listAt(done, "userErrors").map((error) => at(error, "code")),
    );
    expect(codes.filter(({ length }) => length === 0)).toHaveLength(1);
    expect(codes.flat()).toEqual(Array.from({ length: 9 }, () => "CONFLICT"));
    const late = await set(key, { strict: true, version: 0 });
    expect(late).toMatchObject({
      picklist: { version: 1, isStrict: false },
      userErrors: [
        { __typename: "ConflictError", path: ["version"], message: /at version 1 by now/ },
      ],
    });
    const reset = `mutation { resetPicklist(list: dealStages, version: 1) { picklist { ${shown} } userErrors { code } } }`;
    const again = at(await gateway.data(key, reset), "resetPicklist");
    expect(again).toMatchObject({ picklist: { version: 2, isStrict: false }, userErrors: [] });
    expect(listAt(again, "picklist", "values")).toHaveLength(dealStages.values.length);
    expect(at(await gateway.data(key, reset), "resetPicklist", "userErrors")).toEqual([
      { code: "CONFLICT" },
    ]);
  });

  it("works as docs/picklists.md shows it", async () => {
    const { key } = await newTenant();
    const text = await readFile(new URL("../../docs/picklists.md", import.meta.url), "utf8");
    const answers: unknown[] = [];
    for (const [, operation = ""] of text.matchAll(/^```graphql\n(.*?)^```/gms)) {
      answers.push(await gateway.data(key, operation));
    }
    expect(answers).toMatchObject([
      { picklists: { strict: [] } },
      { picklist: { version: 0 } },
      { setPicklist: { picklist: { isStrict: true, version: 1 }, userErrors: [] } },
      { resetPicklist: { picklist: { version: 2 }, userErrors: [] } },
    ]);
    expect(
      listAt(answers[2], "setPicklist", "picklist", "values").map((one) => at(one, "kind")),
    ).toEqual(["open", "open", "won", "lost"]);
  });

  it("needs write:tenant, and reading the scopes of the records", async () => {
    const { tenant } = await newTenant();
    const keyOf = (...scopes: string[]) => gateway.keyFor(tenant.slug, scopes);
    const missing = async (key: string, query: string) =>
      (await gateway.ask(key, query)).errors?.map(({ extensions }) => extensions);
    const reader = await keyOf("read:deals");
    expect(await gateway.data(reader, "{ picklists { dealStages { kind } strict } }")).toBeTruthy();
    expect(await missing(reader, "{ picklists { accountIndustries { value } } }")).toMatchObject([
      { code: "FORBIDDEN", missingScopes: ["read:accounts"] },
    ]);
    expect(await missing(reader, "{ picklist(list: dealStages) { version } }")).toMatchObject([
      { code: "FORBIDDEN", missingScopes: ["read:tenant"] },
    ]);
    const setting = "mutation { resetPicklist(list: dealStages) { userErrors { code } } }";
    expect(await missing(await keyOf("write:deals"), setting)).toMatchObject([
      { code: "FORBIDDEN", missingScopes: ["write:tenant"] },
    ]);
    expect(await missing(await keyOf("write:tenant"), setting)).toBeUndefined();
  });
});

it("crm picklists sets, lists and resets", async () => {
  const { tenant, key } = await newTenant();
  const of = ["--tenant", tenant.slug];
  const crm = (...words: readonly string[]) =>
    runCli(["picklists", ...words, ...of], { DATABASE_URL: gateway.databaseUrl });
  const made = await crm(
    "set",
    "dealStages",
    "new",
    "demo=Demo given",
    "Closed Won",
    "--won",
    "Closed Won",
    "--strict",
  );
  expect(made).toMatchObject({ code: 0, errors: "" });
  expect(made.output.split("\n").map((row) => row.replaceAll(/ +/g, " "))).toEqual([
    "LIST STRICT ORDER VALUE KIND LABEL",
    "dealStages yes 1 new open new",
    "dealStages yes 2 demo open Demo given",
    "dealStages yes 3 Closed Won won Closed Won",
  ]);
  expect((await crm("list")).output).toBe(made.output);
  const found = await gateway.data(key, `{ picklist(list: dealStages) { ${shown} } }`);
  expect(at(found, "picklist")).toMatchObject({ isStrict: true, version: 1, updatedBy: "cli" });
  const folder = await mkdtemp(join(tmpdir(), "picklists-"));
  try {
    const file = join(folder, "types.json");
    await writeFile(file, JSON.stringify([{ value: "a=b", label: "A" }]));
    expect((await crm("set", "dealTypes", "--file", file)).output).toMatch(
      /dealTypes +no +1 +a=b +A$/,
    );
    await writeFile(file, JSON.stringify([{ valu: "a" }, 7, { value: "x", kind: "done" }]));
    expect(await crm("set", "dealTypes", "--file", file)).toMatchObject({
      code: 1,
      output: "",
      errors: expect.stringMatching(
        /values\.0\.value is needed[^]*values\.0\.valu is not a field[^]*values\.1[^]*values\.2\.kind must be open/,
      ),
    });
  } finally {
    await rm(folder, { recursive: true });
  }
  expect(await crm("set", "stages", "a")).toMatchObject({
    code: 1,
    errors: expect.stringMatching(/^There is no list "stages"\. There are: .*dealStages/),
  });
  expect(await crm("set", "dealStages", "a", "--won", "b")).toMatchObject({
    code: 1,
    errors: expect.stringMatching(/^--won: "b"/),
  });
  expect((await crm("reset", "dealStages")).output).toMatch(/dealStages +no +1 +lead/);
});
