import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { raw, render } from "../../src/lib/sql.ts";
import type { FieldFacts, Kind, Notation } from "../../src/model/kind.ts";
import { kinds } from "../../src/model/kinds/index.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { Fixtures } from "../support/samples/fixtures.ts";

const uuid = "019cbd7f-679e-705d-b742-3c0d785c8c30";
const prefix = "acc";
const stages = { new: "Nobody has called.", won: "They buy." };
const field: FieldFacts = {
  nullable: true,
  form: "line",
  limits: null,
  values: { name: "Stage", description: "Where it stands.", type: "text", values: stages },
  searched: null,
  stored: null,
  picklist: null,
  isPercent: false,
};

/** Values as PostgreSQL reads them, those at the edges among them. */
const samples: Readonly<Partial<Record<string, readonly string[]>>> = {
  id: [uuid],
  reference: [uuid],
  anyReference: [uuid],
  text: ["a", `quotes " and \\ and 日本`],
  email: ["Info@bücher.example"],
  phone: ["+49 (0)30 9018 2233"],
  domain: ["xn--bcher-kva.example"],
  url: ["https://łódź.example/a?b"],
  currency: ["USD"],
  enum: Object.keys(stages),
  int: ["0", "2147483647"],
  bigInt: ["0", "999999999999999"],
  decimal: ["0", "10.5000", "-0.0001", "999999999999999.9999", "100.0000"],
  boolean: ["true", "false"],
  dateTime: ["2026-03-18 15:40:12.5+00", "0001-01-01 00:00:00Z", "9999-12-31 23:59:59.999Z"],
  date: ["2026-11-30", "0001-01-01", "9999-12-31"],
  json: [`{"a": [1, 12345678901234567890.5, null]}`, `"text"`],
  jsonObject: [`{}`, `{"é": {"b c": true}}`],
  textList: ["{}", `{a,"b \\"c\\"","with, comma","back\\\\slash","NULL"}`],
};

/** A kind that came later has examples in the schema of its input. */
function samplesOf(kind: Kind): readonly string[] {
  const examples = kind.input?.(field, prefix).schema.meta()?.["examples"];
  return samples[kind.name] ?? (Array.isArray(examples) ? examples.map(String) : []);
}

const notations = (["prefixed", "bare"] as const).flatMap((ids) =>
  ([3, 6] as const).flatMap((fraction) =>
    (["day", "midnight"] as const).flatMap((days) =>
      (["number", "text"] as const).map((decimals): Notation => ({
        ids,
        fraction,
        days,
        decimals,
      })),
    ),
  ),
);

const shownKinds: readonly (readonly [string, Kind])[] = Object.values<Kind>(kinds)
  .filter(({ name }) => name !== "bytes")
  .map((kind) => [kind.name, kind]);

let database: TestDatabase;
let fixtures: Fixtures;
beforeAll(async () => {
  database = await createTestDatabase();
  fixtures = await Fixtures.open(database.url);
  await fixtures.client.query("SET TimeZone = 'UTC'");
});
afterAll(async () => {
  await fixtures.close();
  await database.drop();
});

/** What PostgreSQL prints of a sample by itself, and as JSON in each notation. */
async function printedBySql(kind: Kind, sample: string) {
  const printed = notations.map((notation) => {
    const { text } = render(kind.printedSql(raw("v.value"), notation, prefix));
    return `to_json(${text})::text`;
  });
  const { rows } = await fixtures.client.query<{ cell: string; printed: string[] }>(
    `SELECT v.value::text AS cell, ARRAY[${printed.join(", ")}] AS printed FROM (SELECT $1::${kind.sqlType} AS value) v`,
    [sample],
  );
  const [row] = rows;
  if (row === undefined) throw new Error("no row");
  // As the pool's sessions have it: text of every value, and booleans as one letter.
  const cell = kind.sqlType === "boolean" ? row.cell.charAt(0) : row.cell;
  return { cell, printed: row.printed };
}

it("no two kinds have one name", () => {
  expect(new Set(Object.values(kinds).map(({ name }) => name)).size).toBe(
    Object.keys(kinds).length,
  );
});

describe.each(shownKinds)("%s", (_name, kind) => {
  it("is printed by PostgreSQL as by the gateway, in every notation", async () => {
    const values = samplesOf(kind);
    expect(values.length).toBeGreaterThan(0);
    for (const sample of values) {
      const { cell, printed } = await printedBySql(kind, sample);
      const own = notations.map((notation) => kind.printer(notation, prefix)(cell));
      expect(own, sample).toEqual(printed);
    }
  });

  it("is read back from what it is printed as", async () => {
    const { input } = kind;
    if (input === null) return;
    for (const sample of samplesOf(kind)) {
      const { cell } = await printedBySql(kind, sample);
      for (const notation of notations.filter(({ decimals }) => decimals === "text")) {
        const printed: unknown = JSON.parse(kind.printer(notation, prefix)(cell));
        const { schema } = input(field, prefix);
        expect(schema.parse(printed), sample).toEqual(JSON.parse(JSON.stringify(kind.plain(cell))));
      }
    }
  });
});
