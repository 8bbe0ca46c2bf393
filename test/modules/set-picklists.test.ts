import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dealStages } from "../../src/modules/deal/stages.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { runCli } from "../support/processes/cli.ts";
import { listsTenant, shownOfList, trySetting } from "../support/writes/picklists.ts";

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const newTenant = () => listsTenant(gateway);
const set = (key: string, input: object) => trySetting(gateway, key, input);
const shown = shownOfList;

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
    const { tenant, key } = await newTenant();
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
      [tenant.slug],
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
