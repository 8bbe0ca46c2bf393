import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestGateway } from "../support/gateway/gateway.ts";
import { expectRefused, expectWritten, type Outcome } from "../support/writes/mutation.ts";
import { createAccountFrom, type Writes } from "../support/writes/writes.ts";
import { fieldFor, leastInput, oneOfEach, type Kind } from "../support/samples/one-of-each.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let key: string;
let writes: Writes;
let ours: Record<Kind, string>;

beforeAll(async () => {
  ({ gateway, key, writes } = await startTenant("ours"));
  ours = await oneOfEach(gateway, key);
});
afterAll(() => gateway.close());

type Values = Readonly<Record<string, unknown>>;

const create = (kind: Kind, input: Values, selection = "id"): Promise<Outcome> =>
  writes.mutate(
    fieldFor("create", kind),
    { input: { ...leastInput(kind, ours), ...input } },
    selection,
  );
/** Letters that do not compress and take three or four bytes each. */
const letters = (count: number, from = 0x4e00, range = 20_000): string =>
  Array.from({ length: count }, (_, index) =>
    String.fromCodePoint(from + ((index * 7_919 + index * index * 104_729) % range)),
  ).join("");
const unstorable = ["\u0000", "a\u0000b", "\ud83d", "a\ude00", "\ude00\ud83d"];

describe("text", () => {
  const lines: readonly (readonly [Kind, string, string])[] = [
    ["account", "name", "name"],
    ["account", "industry", "industry"],
    ["contact", "last_name", "lastName"],
    ["contact", "job_title", "jobTitle"],
    ["deal", "name", "name"],
    ["activity", "subject", "subject"],
    ["quote", "contract_duration", "contractDuration"],
  ];
  const prose: readonly (readonly [Kind, string, string])[] = [
    ["account", "description", "description"],
    ["contact", "note", "note"],
    ["deal", "closure_notes", "closureNotes"],
    ["activity", "description", "description"],
    ["quote", "notes", "notes"],
    ["lineItem", "description", "description"],
  ];

  it.each(lines)("trimmed; blank is none: %s.%s", async (kind, field, shown) => {
    const record = expectWritten(await create(kind, { [field]: " \t\n a  b \u00a0 " }, shown));
    expect(record[shown]).toBe("a  b");
    const blank = expectWritten(await create(kind, { [field]: " \n " }, shown));
    expect(blank[shown]).toBeNull();
  });

  it("CR, LF and formulas are kept as sent", async () => {
    for (const name of ["a\r\nb", "=1+1", "@SUM(A1)", "<b>&amp;"]) {
      expect(expectWritten(await create("account", { name }, "name"))["name"]).toBe(name);
    }
  });

  it.each([...lines, ...prose])("no U+0000, no lone surrogates: %s.%s", async (kind, field) => {
    for (const text of unstorable) {
      const outcome = await create(kind, { [field]: text });
      expectRefused(outcome, [[field, "ValidationError", /U\+0000/]]);
    }
  });

  it.each(lines)(
    "single-line fields at most 1,000 characters: %s.%s",
    async (kind, field, shown) => {
      for (const text of ["x".repeat(1_000), "é".repeat(1_000), "😀".repeat(1_000)]) {
        expect(expectWritten(await create(kind, { [field]: ` ${text} ` }, shown))[shown]).toBe(
          text,
        );
        const outcome = await create(kind, { [field]: `${text}y` });
        expectRefused(outcome, [[field, "ValidationError", /1,000/]]);
      }
    },
  );

  it.each(prose)(
    "notes and descriptions at most 100,000 characters: %s.%s",
    async (kind, field, shown) => {
      for (const text of ["x".repeat(100_000), letters(100_000)]) {
        expect(expectWritten(await create(kind, { [field]: text }, shown))[shown]).toBe(text);
        const outcome = await create(kind, { [field]: `${text}y` });
        expectRefused(outcome, [[field, "ValidationError", /100,000/]]);
      }
    },
  );
});

describe("numbers", () => {
  const decimals: readonly (readonly [Kind, string, string])[] = [
    ["account", "annual_revenue", "annualRevenue"],
    ["deal", "value", "value"],
    ["quote", "total", "total"],
    ["lineItem", "unit_price", "unitPrice"],
    ["lineItem", "quantity", "quantity"],
  ];
  const exact: readonly (readonly [unknown, string])[] = [
    ["1000", "1000"],
    ["1000.0000", "1000"],
    ["10.50", "10.5"],
    [10.5, "10.5"],
    [0, "0"],
    ["0.0001", "0.0001"],
    [" 007.10 ", "7.1"],
    ["99999999999999.9999", "99999999999999.9999"],
    [123456789012.345, "123456789012.345"],
    [12345678901234.568, "12345678901234.568"],
  ];

  it.each(decimals)(
    "exact decimals end to end: a string or a JSON number, printed canonically: %s.%s",
    async (kind, field, shown) => {
      for (const [sent, printed] of exact) {
        const one = field === "unit_price" || field === "quantity" ? { quantity: 1 } : {};
        const record = expectWritten(await create(kind, { ...one, [field]: sent }, shown));
        expect(record[shown]).toBe(printed);
      }
    },
  );

  it("15 integer and 4 fraction digits fit", async () => {
    for (const annual_revenue of ["999999999999999.9999", "-999999999999999.9999", "0.9999"]) {
      const record = expectWritten(await create("account", { annual_revenue }, "annualRevenue"));
      expect(record["annualRevenue"]).toBe(annual_revenue);
    }
  });

  it.each(decimals)(
    "more than 15 integer or 4 fraction digits, NaN or Infinity is an error: %s.%s",
    async (kind, field) => {
      const wrong = [
        "1000000000000000",
        "0.00001",
        "1.23456",
        1e15,
        1e-5,
        0.1 + 0.2,
        "NaN",
        "Infinity",
        "-Infinity",
        "1e3",
        "1,000",
        "0x10",
        "ten",
        "1.2.3",
        true,
        [],
        {},
      ];
      for (const value of wrong) {
        const outcome = await create(kind, { [field]: value });
        expectRefused(outcome, [[field, "ValidationError", /decimal/]]);
      }
    },
  );

  it.each(["NaN", "Infinity", "1e400", "-1e400", "1e21"])(
    "no JSON number beyond the digits: %s",
    async (number) => {
      const { status, text } = await createAccountFrom(
        gateway,
        key,
        `{"annual_revenue":${number}}`,
      );
      expect(status).toBeLessThan(500);
      expect(text).toContain("BAD_USER_INPUT");
      expect(text).not.toContain("acc-");
    },
  );

  it("money and quantities are numeric(19,4) in the database", async () => {
    const { rows } = await gateway.fixtures.client.query<{ name: string }>(
      `SELECT DISTINCT format_type(atttypid, atttypmod) AS name FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
       WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND atttypid IN ('numeric'::regtype, 'real'::regtype, 'float8'::regtype, 'money'::regtype)`,
    );
    expect(rows.map(({ name }) => name)).toEqual(["numeric(19,4)"]);
  });

  it("counts are whole numbers, not negative", async () => {
    const whole = await create("account", { employee_count: 2_147_483_647 }, "employeeCount");
    expect(expectWritten(whole)["employeeCount"]).toBe(2_147_483_647);
    expectRefused(await create("account", { employee_count: -1 }), [
      ["employee_count", "ValidationError"],
    ]);
    for (const employee_count of [1.5, 2_147_483_648, "5"]) {
      await expect(create("account", { employee_count })).rejects.toThrow(/BAD_USER_INPUT/);
    }
  });
});

describe("dates", () => {
  const days: readonly (readonly [string, string])[] = [
    ["2026-11-30", "2026-11-30"],
    ["2024-02-29", "2024-02-29"],
    ["2026-11-30T00:00:00.000Z", "2026-11-30"],
    ["2026-11-30T23:59:59.999Z", "2026-11-30"],
    ["2026-11-30T23:30:00-05:00", "2026-12-01"],
    [" 2026-11-30 ", "2026-11-30"],
  ];
  const dayFields: readonly (readonly [Kind, string, string])[] = [
    ["contact", "birthday", "birthday"],
    ["deal", "expected_close_date", "expectedCloseDate"],
    ["quote", "validity_date", "validityDate"],
  ];

  it.each(dayFields)("both forms are accepted for a day: %s.%s", async (kind, field, shown) => {
    for (const [sent, printed] of days) {
      const record = expectWritten(await create(kind, { [field]: sent }, shown));
      expect(record[shown]).toBe(printed);
    }
    const wrong = ["2026-02-30", "2025-02-29", "30.11.2026", "2026-11", "0000-01-01", "tomorrow"];
    for (const value of wrong) {
      expectRefused(await create(kind, { [field]: value }), [[field, "ValidationError"]]);
    }
  });

  const instants: readonly (readonly [string, string])[] = [
    ["2026-03-18T15:40:12Z", "2026-03-18T15:40:12.000Z"],
    ["2026-03-18T15:40:12.123Z", "2026-03-18T15:40:12.123Z"],
    ["2026-03-18T15:40:12+02:00", "2026-03-18T13:40:12.000Z"],
    ["2026-03-18T23:40:12-05:30", "2026-03-19T05:10:12.000Z"],
  ];
  const instantFields: readonly (readonly [Kind, string, string])[] = [
    ["account", "first_contacted_at", "firstContactedAt"],
    ["contact", "opted_in_at", "optedInAt"],
    ["activity", "occurred_at", "occurredAt"],
  ];

  it.each(instantFields)("an instant is a DateTime: %s.%s", async (kind, field, shown) => {
    for (const [sent, printed] of instants) {
      const record = expectWritten(await create(kind, { [field]: sent }, shown));
      expect(record[shown]).toBe(printed);
    }
    for (const value of ["2026-03-18", "2026-03-18T15:40:12", "2026-02-30T00:00:00Z", 1, "now"]) {
      expectRefused(await create(kind, { [field]: value }), [[field, "ValidationError"]]);
    }
  });
});

describe("web addresses", () => {
  const fields: readonly (readonly [Kind, string, string])[] = [
    ["account", "website", "website"],
    ["contact", "website", "website"],
    ["contact", "linkedin_url", "linkedinUrl"],
  ];

  it.each(fields)("are of http and https: %s.%s", async (kind, field, shown) => {
    const record = expectWritten(await create(kind, { [field]: " HTTPS://a.example/b " }, shown));
    expect(record[shown]).toBe("HTTPS://a.example/b");
    for (const value of ["javascript:alert(1)", "data:text/html,x", "ftp://a.example", "a.example"])
      expectRefused(await create(kind, { [field]: value }), [[field, "ValidationError"]]);
  });
});

describe("all problems of an input are reported at once", () => {
  it("with their paths in REST names", async () => {
    const input = {
      name: "\u0000",
      email: "nobody",
      domain: "no domain",
      annual_revenue: "much",
      employee_count: -1,
      owner_id: "\ud800",
      parent_account_id: ours.contact,
      first_contacted_at: "soon",
      tags: ["ok", "x".repeat(65)],
      addresses: [{ city: "Rome" }, { city: "\ud800" }],
      custom_fields: [],
    };
    expectRefused(
      await create("account", input),
      [
        "name",
        "email",
        "domain",
        "annual_revenue",
        "employee_count",
        "owner_id",
        "parent_account_id",
        "first_contacted_at",
        "tags.1",
        "addresses.1.city",
        "custom_fields",
      ].map((path) => [path, "ValidationError"]),
    );
  });
});
