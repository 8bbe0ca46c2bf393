import { describe, expect, it } from "vitest";
import { guessMapping } from "../../src/imports/read/guess-mapping.ts";
import { errorColumns, refusedHeader, refusedLine } from "../../src/imports/read/refused-csv.ts";
import type { Manner } from "../../src/imports/read/types.ts";
import { complaintsOf, imported, readText, shown } from "./reading.ts";

/** A cell of a field, read: its value, or what is said of it. */
async function cell(
  entity: keyof typeof imported,
  field: string,
  text: string,
  manner: Partial<Manner> = {},
) {
  const { read } = await readText(
    entity,
    `${field}\tsource\n"${text.replaceAll('"', '""')}"\tx\n`,
    {
      // A column of one cell shows a form that its cell alone has.
      manner,
      file: { delimiter: "\t" },
    },
  );
  const [row] = read;
  return row === undefined || row.complaints.length > 0
    ? complaintsOf(row ?? { complaints: [] })[0]
    : row.input[field];
}

describe("cells", () => {
  it.each([
    ["1234.50", null, "1234.50"],
    ["$1,234.50", null, "1234.50"],
    ["1.234,50 €", null, "1234.50"],
    ["EUR 1 234,5", null, "1234.5"],
    ["CHF 1'234.50", null, "1234.50"],
    ["(12.00)", null, "-12.00"],
    ["5-", null, "-5"],
    ["-€5", null, "-5"],
    ["5,-", null, "5"],
    ["0.125", null, "0.125"],
    ["1.234", "comma", "1234"],
    ["1.234", "point", "1.234"],
    ["1.234.567", null, "1234567"],
    ["1.234", null, expect.stringMatching(/could be 1\.234 or 1234; say decimals/)],
    ["1,5", "point", expect.stringMatching(/decimal point.*decimals=comma/)],
    ["12,34,567.1", null, expect.stringMatching(/must be a number/)],
    ["50%", null, expect.stringMatching(/not a percentage/)],
    ["1,23E+09", null, expect.stringMatching(/spreadsheet shortened/)],
    ["#REF!", null, expect.stringMatching(/error of the spreadsheet/)],
  ] as const)("amount %j, decimals %s", async (text, decimals, value) => {
    expect(await cell("deal", "value", text, { decimals })).toEqual(value);
  });

  it.each([
    ["2026-12-31", null, "2026-12-31"],
    ["31.12.2026", null, "2026-12-31"],
    ["1.2.2026", null, "2026-02-01"],
    ["12/31/2026", null, "2026-12-31"],
    ["31. Dezember 2026", null, "2026-12-31"],
    ["Dec 31, 2026", null, "2026-12-31"],
    ["31 de diciembre de 2026", null, "2026-12-31"],
    ["2026-12-31 14:30", null, "2026-12-31"],
    ["03/04/2026", "dmy", "2026-04-03"],
    ["03/04/2026", "mdy", "2026-03-04"],
    ["03/04/2026", null, expect.stringMatching(/could be 2026-04-03 or 2026-03-04/)],
    ["31/12/2026", "mdy", expect.stringMatching(/form mdy.*dates=dmy/)],
    ["31.12.26", null, expect.stringMatching(/four digits/)],
    ["30.02.2026", null, expect.stringMatching(/must be a day/)],
    ["46022", null, expect.stringMatching(/spreadsheet's number/)],
  ] as const)("day %j, dates %s", async (text, dates, value) => {
    expect(await cell("contact", "birthday", text, { dates })).toEqual(value);
  });

  it.each([
    ["31.12.2026 14:30", "Europe/Berlin", "2026-12-31T13:30:00.000Z"],
    ["29.03.2026 02:30", "Europe/Berlin", "2026-03-29T01:30:00.000Z"],
    ["25.10.2026 02:30", "Europe/Berlin", "2026-10-25T00:30:00.000Z"],
    ["2026-07-01 2:30 PM", "America/New_York", "2026-07-01T18:30:00.000Z"],
    ["2026-07-01T14:30:00+02:00", "UTC", "2026-07-01T14:30:00.000+02:00"],
    ["2026-07-01", "Asia/Tokyo", "2026-06-30T15:00:00.000Z"],
    ["2026-07-01 25:00", "UTC", expect.stringMatching(/a day and a time/)],
  ])("instant %j in %s", async (text, timeZone, value) => {
    expect(await cell("contact", "opted_in_at", text, { timeZone })).toEqual(value);
  });

  it.each([
    ["contact", "opted_in", " Ja ", true],
    ["contact", "opted_in", "0", false],
    ["contact", "opted_in", "maybe", expect.stringMatching(/true or false/)],
    ["account", "employee_count", "1,234", 1234],
    ["account", "employee_count", "1.234", 1234],
    ["account", "employee_count", "250.0", 250],
    ["account", "employee_count", "51-200", expect.stringMatching(/whole number/)],
    ["account", "website", "example.com/a", "https://example.com/a"],
    ["account", "account_type", "Business", "business"],
    ["deal", "stage", "Closed Won", "closed_won"],
    ["deal", "probability", "50 %", "50"],
    ["deal", "currency", "€", "EUR"],
    ["deal", "competitors", "Acme; Globex ;", ["Acme", "Globex"]],
    ["deal", "competitors", '["a,b"]', ["a,b"]],
    ["deal", "custom_fields", '{"a":1}', { a: 1 }],
    ["deal", "custom_fields", "{a", expect.stringMatching(/must be JSON/)],
    ["contact", "phone_1", "030 901820", "030 901820"],
    ["contact", "phone_1", "4,93E+11", expect.stringMatching(/spreadsheet shortened/)],
    ["contact", "note", "=1+1", "=1+1"],
  ] as const)("%s.%s %j", async (entity, field, text, value) => {
    expect(await cell(entity, field, text)).toEqual(value);
  });

  it("phone numbers get the country that was told", async () => {
    const manner = { country: "DE" };
    expect(await cell("contact", "phone_1", "030 901820", manner)).toBe("+4930901820");
    expect(await cell("contact", "phone_1", "+1 404 555 0128", manner)).toBe("+1 404 555 0128");
    expect(await cell("contact", "phone_1", "030 901820/22", manner)).toBe("030 901820/22");
  });

  it("a column shows its forms in all its cells", async () => {
    const text = "name;value;close date\na;1.234;01/02/2026\nb;1.234,5;13/02/2026\n";
    const { read } = await readText("deal", text);
    expect(read.map(({ input }) => [input["value"], input["expected_close_date"]])).toEqual([
      ["1234", "2026-02-01"],
      ["1234.5", "2026-02-13"],
    ]);
  });

  it("values, defaults, and what is empty", async () => {
    const text = "name,stage,deal type\nA,Gewonnen,\nB,,x\n";
    const values = { stage: { gewonnen: "closed_won" } };
    const manner = { values, defaults: { stage: "lead" }, empty: "null" } as const;
    const { read } = await readText("deal", text, { manner });
    expect(read.map(({ input }) => input)).toEqual([
      { name: "A", stage: "closed_won", deal_type: null },
      // A default stands for an empty cell.
      { name: "B", stage: "lead", deal_type: "x" },
    ]);
  });

  it("a default of a list only where the row names none", async () => {
    const text = "name\tpeople\nA\ta@x.example\nB\t\n";
    const map = { people: "contacts.email" };
    for (const empty of ["skip", "null"] as const) {
      const manner = { defaults: { contact_ids: "con-1; con-2" }, empty } as const;
      const { read } = await readText("deal", text, { manner, map });
      expect(read.map(({ input }) => input)).toEqual([
        { name: "A" },
        { name: "B", contact_ids: ["con-1", "con-2"] },
      ]);
    }
  });

  it("addresses as JSON and in parts, in any order", async () => {
    const json = '[{"kind":"shipping","city":"Bern"},{"kind":"billing","city":"Ulm"}]';
    const columns = ["Postcode", "addresses"];
    const map = { Postcode: "addresses.billing.postcode" };
    for (const order of [columns, columns.toReversed()]) {
      const cells = order.map((column) => (column === "addresses" ? json : "89073"));
      const text = `${order.join("\t")}\n${cells.map((one) => `"${one.replaceAll('"', '""')}"`).join("\t")}\n`;
      const { read } = await readText("account", text, { map });
      expect(read[0]?.input["addresses"]).toEqual([
        { kind: "shipping", city: "Bern" },
        { kind: "billing", city: "Ulm", postcode: "89073" },
      ]);
    }
  });
});

describe("mappings", () => {
  it.each([
    [
      "contact",
      "Vorname;Name;Firma;E-Mail;Telefon;Mobil",
      ["first_name", "last_name", "account.name", "email", "phone_1", "phone_2"],
    ],
    [
      "contact",
      "Prénom;Nom;Société;Courriel;Portable;Code postal",
      ["first_name", "last_name", "account.name", "email", "phone_1", "postcode"],
    ],
    [
      "contact",
      "Nombre;Apellidos;Empresa;Correo electrónico;Móvil",
      ["first_name", "last_name", "account.name", "email", "phone_1"],
    ],
    [
      "contact",
      "Record ID;First Name;Last Name;Email;Phone Number;Associated Company IDs",
      ["external_id", "first_name", "last_name", "email", "phone_1", "account.external_id"],
    ],
    [
      "contact",
      "Salutation;FirstName;LastName;Title;AccountId",
      ["title", "first_name", "last_name", "job_title", "account.external_id"],
    ],
    [
      "contact",
      "Person - Name;Person - Email - Work;Person - Phone - Mobile;Person - Organization",
      ["display_name", "email", "phone_1", "account.name"],
    ],
    [
      "account",
      "Name;Branche;Jahresumsatz;Rechnungsadresse PLZ",
      ["name", "industry", "annual_revenue", "addresses.billing.postcode"],
    ],
    [
      "deal",
      "Deal - Title;Deal - Value;Deal - Currency;Deal - Expected close date",
      ["name", "value", "currency", "expected_close_date"],
    ],
    [
      "deal",
      "name;account_external_id;primary_contact.email",
      ["name", "account.external_id", "primary_contact.email"],
    ],
    [
      "deal",
      "Deal ID;Deal Name;Closed Lost Reason;Associated Company Domain;Associated Contact Email",
      ["external_id", "name", "loss_reason", "account.domain", "primary_contact.email"],
    ],
    [
      "activity",
      "Notes/Description;Call/Meeting Title/Subject;Task Status;Task Due Date;Associated Contact Email",
      ["description", "subject", "status", "due_date", "contact.email"],
    ],
    [
      "activity",
      "EVENTID;Start DateTime;CONTACTID;ACCOUNTID;POTENTIALID",
      [
        "external_id",
        "occurred_at",
        "contact.external_id",
        "account.external_id",
        "deal.external_id",
      ],
    ],
    [
      "account",
      "CodigoCliente;NombreCliente;Pais",
      ["external_id", "name", "addresses.office.country"],
    ],
  ] as const)("%s: %s", async (entity, header, targets) => {
    const columns = header.split(";");
    const { targets: found } = shown(guessMapping(imported[entity], columns, []));
    expect(columns.map((column) => found[column] ?? null)).toEqual(targets);
  });

  it("goes by what was given, and says what cannot be", () => {
    const guess = (map: Readonly<Record<string, string>>) =>
      shown(guessMapping(imported.contact, ["E-Mail", "Mail", "X"], [], map));
    expect(guess({ Mail: "email", X: "custom_fields.x" })).toEqual({
      targets: { Mail: "email", X: "custom_fields.x" },
      unmapped: ["E-Mail"],
    });
    expect(() => guess({ X: "emial" })).toThrow('"emial" is no field; map it to one of');
    expect(() => guess({ Y: "email" })).toThrow("the file has no such column; it has E-Mail");
    expect(() => guess({ X: "email", Mail: "email" })).toThrow("fills email already");
    expect(() => guess({ X: "__proto__" })).toThrow("is no field");
  });

  it("refused rows can be mended and sent again", async () => {
    const first = await readText("contact", 'E-Mail,Notes\n=a@b.example,"x, ""y"""\nonly\n');
    const { header, rows } = first;
    const lines = rows.map((row) =>
      refusedLine(header, { row, errors: [{ column: "E-Mail", message: "=bad" }] }),
    );
    expect(lines[0]).toBe(`2,E-Mail,'=bad.,'=a@b.example,"x, ""y"""\r\n`);
    const errors = ["is wrong", "It is."].map((message) => ({ column: null, message }));
    expect(refusedLine([], { row: { number: 3, cells: {} }, errors })).toContain(
      "is wrong. It is.",
    );
    const again = await readText("contact", refusedHeader(header) + (lines[0] ?? ""));
    expect(again.read[0]?.input).toEqual(first.read[0]?.input);
    expect(shown(again.mapping).targets).toMatchObject({ [errorColumns[0]]: "-" });
    expect(complaintsOf(first.read[1] ?? { complaints: [] })[0]).toMatch(
      /1 cells and the header 2/,
    );
  });
});
