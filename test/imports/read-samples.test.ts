import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { complaintsOf, readText, refusalOf, shown } from "./reading.ts";

const sample = (name: string) => readFile(new URL(`samples/${name}.csv`, import.meta.url));

describe("files of other programs", () => {
  it("Google's shared contacts: rows that end early are refused", async () => {
    const { mapping, read } = await readText("contact", await sample("google-shared-contacts"));
    expect(shown(mapping)).toEqual({
      targets: {
        ID: "external_id",
        Name: "display_name",
        "E-mail Address": "email",
        Notes: "note",
        "Mobile Phone": "phone_2",
        Company: "account.name",
        "Job Title": "job_title",
        "Business Phone": "phone_1",
        "Business Phone 2": "phone_3",
        "Business Address": "address",
      },
      unmapped: [
        "Action",
        "E-mail 2 Address",
        "E-mail 3 Address",
        "Pager",
        "Home Phone",
        "Home Phone 2",
        "Home Fax",
        "Home Address",
        "Business Fax",
        "Other Phone",
        "Other Fax",
        "Other Address",
      ],
    });
    expect(read.map((row) => [row.number, complaintsOf(row)])).toEqual([
      [2, []],
      [3, [expect.stringMatching(/^The row has 11 cells and the header 22; put cells/)]],
      [4, [expect.stringMatching(/^The row has 11 cells and the header 22; put cells/)]],
    ]);
    expect(read[0]).toMatchObject({
      input: { email: "ines.falk@example.com", phone_1: "+1 555 0100 006" },
      references: [{ field: "account_id", to: "account", by: "name", value: "Birch Tools Ltd." }],
    });
  });

  it("Odoo's partners as contacts", async () => {
    const { mapping, read } = await readText("contact", await sample("odoo-partners"));
    expect(shown(mapping)).toEqual({
      targets: {
        ID: "external_id",
        Name: "display_name",
        "Related Company": "account.name",
        Street: "address",
        Street2: "address_addition",
        City: "city",
        State: "state",
        ZIP: "postcode",
        Country: "country",
        Website: "website",
        Phone: "phone_1",
        Mobile: "phone_2",
        Email: "email",
      },
      unmapped: ["Company Type", "Customer", "Supplier", "Address Type"],
    });
    expect(read.flatMap(complaintsOf)).toEqual([]);
    expect(read[0]?.input).toMatchObject({ website: "https://corner-market.example" });
    expect(read[1]?.input).toEqual({
      external_id: "partner_2",
      display_name: "Gus",
      phone_2: "5550100012",
    });
  });

  it.each([
    ["as Excel saves it in Germany", ";", "latin1", "windows-1252"],
    ["as Excel's Unicode text", "\t", "utf16le", "utf-16le"],
    ["as UTF-8 with pipes", "|", "utf8", "utf-8"],
  ] as const)("Odoo's customers %s", async (_how, delimiter, encoding, found) => {
    const text = (await sample("odoo-customers-contacts")).toString().replaceAll(",", delimiter);
    const mark = encoding === "utf16le" ? "\ufeff" : "";
    const file = await readText("contact", Buffer.from(mark + text, encoding));
    expect(file.found).toEqual({ format: "csv", encoding: found, delimiter });
    expect(shown(file.mapping)).toEqual({
      targets: {
        Name: "display_name",
        "Related company": "account.name",
        Street: "address",
        ZIP: "postcode",
        City: "city",
        State: "state",
        Country: "country",
      },
      unmapped: ["Is a company", "Address type"],
    });
    expect(file.read.map(({ input }) => input["city"])).toContain("San José");
    expect(file.read.flatMap(complaintsOf)).toEqual([]);
    expect(file.read).toHaveLength(8);
  });

  it("Salesforce's accounts, with addresses in parts", async () => {
    const { mapping, read } = await readText("account", await sample("salesforce-accounts"));
    expect(shown(mapping).targets).toEqual({
      ID: "external_id",
      NAME: "name",
      PARENTID: "parent_account.external_id",
      BILLINGSTREET: "addresses.billing.line1",
      BILLINGCITY: "addresses.billing.city",
      BILLINGSTATE: "addresses.billing.state",
      BILLINGPOSTALCODE: "addresses.billing.postcode",
      BILLINGCOUNTRY: "addresses.billing.country",
      SHIPPINGSTREET: "addresses.shipping.line1",
      SHIPPINGCITY: "addresses.shipping.city",
      SHIPPINGSTATE: "addresses.shipping.state",
      SHIPPINGPOSTALCODE: "addresses.shipping.postcode",
      SHIPPINGCOUNTRY: "addresses.shipping.country",
      PHONE: "phone",
      WEBSITE: "website",
      INDUSTRY: "industry",
      ANNUALREVENUE: "annual_revenue",
      NUMBEROFEMPLOYEES: "employee_count",
      DESCRIPTION: "description",
      OWNERID: "owner_id",
    });
    const number = mapping.columns.find(({ column }) => column === "ACCOUNTNUMBER");
    expect(number).toMatchObject({ target: null, note: 'external_id is filled by "ID"' });
    expect(read[0]?.input).toEqual({
      external_id: "001000000000001AAA",
      name: "Harbour Ventures",
      owner_id: "005000000000001AAA",
      addresses: [
        {
          kind: "billing",
          line1: "14 Example Drive",
          city: "FORT COLLINS",
          state: "CO",
          postcode: "80525",
          country: "US",
        },
      ],
    });
    expect(read.flatMap(complaintsOf)).toEqual([]);
  });

  it("Salesforce's opportunities: stages are said in words", async () => {
    const { mapping, read } = await readText("deal", await sample("salesforce-opportunities"), {
      manner: { values: { stage: { Prospecting: "lead" } } },
    });
    expect(shown(mapping).targets).toEqual({
      ID: "external_id",
      ACCOUNTID: "account.external_id",
      NAME: "name",
      STAGENAME: "stage",
      AMOUNT: "value",
      PROBABILITY: "probability",
      CLOSEDATE: "expected_close_date",
      TYPE: "deal_type",
      LEADSOURCE: "deal_source",
      FORECASTCATEGORY: "forecast_category",
      OWNERID: "owner_id",
    });
    expect(read.map(({ input }) => input["stage"])).toEqual([
      "closed_won",
      "closed_won",
      "Value Proposition",
      "lead",
    ]);
    expect(read[0]).toMatchObject({
      input: { value: "500000.0", probability: "100.0", expected_close_date: "2019-11-09" },
      references: [{ field: "account_id", by: "external_id", value: "001000000000001AAA" }],
    });
    expect(read.flatMap(complaintsOf)).toEqual([]);
  });

  it.each(["thunderbird-addressbook", "thunderbird-quotes"])("%s", async (name) => {
    const { mapping, read } = await readText("contact", await sample(name));
    expect(shown(mapping).targets).toEqual({
      "First Name": "first_name",
      "Last Name": "last_name",
      "Display Name": "display_name",
      "Primary Email": "email",
      "Work Phone": "phone_1",
      "Mobile Number": "phone_2",
      "Home Phone": "phone_3",
      "Work Address": "address",
      "Work Address 2": "address_addition",
      "Work City": "city",
      "Work State": "state",
      "Work ZipCode": "postcode",
      "Work Country": "country",
      "Job Title": "job_title",
      Organization: "account.name",
      "Web Page 1": "website",
      Notes: "note",
    });
    expect(read).toHaveLength(1);
    expect(read.flatMap(complaintsOf)).toEqual([]);
  });

  it("tables of databases: titles, telephones, prefixes and NULL", async () => {
    const people = `employeeID,lastName,firstName,title,titleOfCourtesy,region,phone\n1,Falk,Ines,Sales Manager,Ms.,NULL,(206) 555-0100\n2,Null,Jan,Buyer,Mr.,WA,(206) 555-0101\n`;
    const { mapping, read } = await readText("contact", people, {
      manner: { values: { "*": { NULL: "" } } },
    });
    expect(shown(mapping)).toEqual({
      targets: {
        employeeID: "external_id",
        lastName: "last_name",
        firstName: "first_name",
        title: "job_title",
        titleOfCourtesy: "title",
        region: "state",
        phone: "phone_1",
      },
      unmapped: [],
    });
    expect(read.flatMap(complaintsOf)).toEqual([]);
    expect(read.map(({ input }) => [input["last_name"], input["state"] ?? null])).toEqual([
      ["Falk", null],
      ["Null", "WA"],
    ]);
    const prefixed = "kun_id;user_id;kun_plz;kun_telefon;kun_country\n7;4;4020;0732 1;AT\n";
    expect(shown((await readText("account", prefixed)).mapping)).toEqual({
      targets: {
        kun_id: "external_id",
        kun_plz: "addresses.office.postcode",
        kun_telefon: "phone",
        kun_country: "addresses.office.country",
      },
      unmapped: ["user_id"],
    });
    const named = "title,phone\nDr.,+49 30 1234567\n";
    expect(shown((await readText("contact", named)).mapping).targets).toEqual({
      title: "title",
      phone: "phone",
    });
  });

  it("Thunderbird's broken file, without names and with two delimiters", async () => {
    expect(await refusalOf(await sample("thunderbird-tabs-and-commas"))).toEqual({
      code: "BAD_HEADER",
      line: 1,
      message:
        'Line 1: the first row must name the columns, and it holds "a@example.com"; put a row of names on top.',
    });
  });
});
