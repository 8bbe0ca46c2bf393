import { finished } from "node:stream/promises";
import pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { expect, test } from "vitest";
import { arrayText, copyValue } from "../../src/seed/copy-text.ts";
import { decimalText, lineTotal } from "../../src/lib/money.ts";
import { companyName } from "../../src/seed/naming.ts";
import { Random } from "../../src/seed/random.ts";
import { createTestDatabase } from "../support/database/database.ts";

const hard = [
  "",
  "\\N",
  "\\",
  "a\tb\nc\rd",
  "\\.",
  '{"a", b}',
  "NULL",
  "é 👍 'x' \"y\"",
  "back\\\\slash\\t",
  "\u0001\u000b",
];

test("what COPY is told comes back as it was", async () => {
  const database = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(
    "CREATE TEMP TABLE hard (position int, value text, list text[], data jsonb, yes boolean)",
  );
  const stream = client.query(copyFrom("COPY hard FROM STDIN"));
  const lines = [...hard, null].map((value, position) =>
    [
      position,
      value,
      arrayText(hard),
      JSON.stringify({ value: hard.at(0), all: hard.slice(0, -1) }),
      position % 2 === 0,
    ]
      .map(copyValue)
      .join("\t"),
  );
  stream.end(`${lines.join("\n")}\n`);
  await finished(stream);
  const { rows } = await client.query<{
    value: string;
    list: string[];
    data: unknown;
    yes: boolean;
  }>("SELECT * FROM hard ORDER BY position");
  expect(rows.map(({ value }) => value)).toEqual([...hard, null]);
  for (const [position, { list, data, yes }] of rows.entries()) {
    expect(list).toEqual(hard);
    expect(data).toEqual({ value: "", all: hard.slice(0, -1) });
    expect(yes).toBe(position % 2 === 0);
  }
  await client.end();
  await database.drop();
});

test.each([
  [{ quantity: 10_000n, unitPrice: 1n, discount: 500_000n, discountType: "percent" }, "0.0001"],
  [{ quantity: 10_000n, unitPrice: 1n, discount: 500_001n, discountType: "percent" }, "0"],
  [{ quantity: 3_333n, unitPrice: 33_333n, discount: 0n, discountType: "amount" }, "1.111"],
  [{ quantity: 15_000n, unitPrice: 3n, discount: 0n, discountType: "amount" }, "0.0005"],
  [{ quantity: 10_000n, unitPrice: 10_000n, discount: 20_000n, discountType: "amount" }, "0"],
  [
    { quantity: 99_999_9999n, unitPrice: 999_999_999_9999n, discount: 0n, discountType: "amount" },
    "99999999899990",
  ],
] as const)("line total of %o is %s", (line, total) => {
  expect(decimalText(lineTotal(line))).toBe(total);
});

test("company names and domains never repeat", () => {
  const count = 100_000;
  const names = new Set<string>();
  const domains = new Set<string>();
  for (let index = 0; index < count; index += 1) {
    const { name, domain } = companyName(index, 77);
    names.add(name);
    domains.add(domain);
    if (!/^[a-z0-9-]+\.example$/.test(domain)) throw new Error(domain);
  }
  expect(names.size).toBe(count);
  expect(domains.size).toBe(count);
});

test("the same key gives the same sequence, evenly spread", () => {
  const draw = (key: string): number[] => {
    const random = new Random(key);
    return Array.from({ length: 2_000 }, () => random.share());
  };
  expect(draw("a")).toEqual(draw("a"));
  expect(draw("a")).not.toEqual(draw("b"));
  const mean = draw("a").reduce((sum, share) => sum + share, 0) / 2_000;
  expect(mean).toBeGreaterThan(0.47);
  expect(mean).toBeLessThan(0.53);
});

test("seeded bytes fill every place", () => {
  const random = new Random("bytes");
  const seen = new Uint8Array(16);
  for (let round = 0; round < 50; round += 1) {
    random.bytes(16).forEach((byte, index) => {
      seen[index] = (seen[index] ?? 0) | byte;
    });
  }
  expect([...seen]).toEqual(Array.from({ length: 16 }, () => 255));
});
