import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import type { TestGateway } from "../support/gateway/gateway.ts";
import { RowWriter, verdictOf } from "../support/writes/row-writer.ts";
import { rowsOf, Writes } from "../support/writes/writes.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let key: string;

beforeAll(async () => {
  ({ gateway, tenant, key } = await startTenant("ours"));
});
afterAll(() => gateway.close());

/** Text of three bytes a letter that PostgreSQL cannot compress: a full index entry stays full. */
function dense(length: number): string {
  let seed = 1;
  return Array.from({ length }, () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return String.fromCharCode(0x4e00 + (seed % 20_000));
  }).join("");
}

describe("text that fills an index entry", () => {
  it.each([
    ["account", "accounts", "name"],
    ["account", "accounts", "lifecycle_stage"],
    ["contact", "contacts", "last_name"],
    ["deal", "deals", "stage"],
    ["deal", "deals", "deal_number"],
    ["quote", "quotes", "quote_number"],
  ])("is refused in %s of %s: %s", async (one, many, field) => {
    const owner = ["deal", "quote"].includes(one)
      ? { account_id: (await tenant.account()).id }
      : {};
    const writer = new RowWriter(gateway, key, many);
    const [long] = await writer.create([{ ...owner, [field]: dense(1_000) }]);
    expect(long?.problems).toEqual([`BAD_USER_INPUT ${field}`]);
    const [full] = await writer.create([{ ...owner, [field]: dense(866) }]);
    expect(full?.problems).toEqual([]);
    const [latin] = await writer.create([{ ...owner, [field]: "ä".repeat(1_000) }]);
    expect(latin?.problems).toEqual([]);
  });

  it("is refused in names that together are a contact's", async () => {
    const [outcome] = await new RowWriter(gateway, key, "contacts").create([
      { first_name: dense(700), last_name: dense(700) },
    ]);
    expect(outcome?.problems).toEqual(["BAD_USER_INPUT last_name"]);
  });

  it("is refused as a domain, which is longer as it is kept", async () => {
    const domain = `${dense(300)}.example`;
    const [outcome] = await new RowWriter(gateway, key, "accounts").create([{ domain }]);
    expect(outcome?.problems).toEqual(["BAD_USER_INPUT domain"]);
  });
});

it("a quote whose last line has the last position takes further lines", async () => {
  const quote = await tenant.quote(await tenant.account(), null);
  const lines = new RowWriter(gateway, key, "lineItems");
  await lines.made({ quote_id: quote.id, position: 2_147_483_647 });
  await lines.made({ quote_id: quote.id });
  const rows = await rowsOf(
    gateway,
    "SELECT position FROM line_items WHERE quote_id = $1",
    quote.uuid,
  );
  expect(rows).toEqual([{ position: 2_147_483_647 }, { position: 2_147_483_647 }]);
});

it("a line item without its quote is told of the quote alone", async () => {
  const [outcome] = await new RowWriter(gateway, key, "lineItems").create([
    { quote_id: "qte-00000000-0000-7000-8000-000000000000" },
  ]);
  expect(outcome?.problems).toEqual(["NOT_FOUND quote_id"]);
});

it("a customer whose email and phone are blank lacks them", async () => {
  const input = { account_type: "business", display_name: "Blank", email: " ", phone: "" };
  const outcome = await new Writes(gateway, key).create("Customer", input);
  expect(verdictOf(outcome)).toEqual({
    id: null,
    problems: ["BAD_USER_INPUT email", "BAD_USER_INPUT phone"],
  });
});
