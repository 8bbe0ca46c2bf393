import fc from "fast-check";
import { v7 as uuidv7 } from "uuid";

const id = uuidv7();

/** Values of every kind that an input may take somewhere, and the like that it may not. */
const oddities: readonly unknown[] = [
  null,
  "",
  " \t",
  [""],
  ["a", " "],
  true,
  false,
  0,
  1,
  -1,
  1.5,
  12345.6789,
  100.5,
  2 ** 31,
  1e15,
  "x",
  "Ünïcode ✓",
  "a".repeat(64),
  "a".repeat(65),
  "a".repeat(255),
  "a".repeat(256),
  "a".repeat(1_000),
  "a".repeat(1_001),
  "2026-11-30",
  "2026-02-30",
  "2026-11-30T10:00:00Z",
  "2026-11-30T10:00:00.123456+02:00",
  "2026-11-30T10:00:00",
  "10.5",
  "-.5",
  "10.55555",
  "1234567890123456",
  "1e3",
  "nora@example.com",
  "nora@",
  "https://example.com/a?b=c",
  "ftp://example.com",
  "example.com",
  "+1 404 555 0128",
  "USD",
  "eur",
  "US",
  id,
  id.toUpperCase(),
  ...["acc", "con", "deal", "qte", "lin", "ten"].map((prefix) => `${prefix}-${id}`),
  "business",
  "call",
  "sent",
  "percent",
  "api",
  "planet",
  [],
  ["a"],
  ["a", 1],
  [null],
  [id],
  [`con-${id}`],
  ["a".repeat(65)],
  Array.from({ length: 101 }, (_, index) => `tag ${index}`),
  {},
  { a: 1 },
  { a: { b: [1, null] } },
  [{}],
  [{ kind: "office", city: null }],
  [{ planet: "x" }],
  [{ city: 1 }],
  [{ quantity: 2, unit_price: "10.5" }],
  [{ quantity: "many" }],
  [{ discount_type: "x" }],
];

/** Bodies of some of the keys, and now and then one that is none; mostly with what is needed. */
export function bodiesOf(
  keys: readonly string[],
  needed: Readonly<Record<string, unknown>>,
): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  const key = fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...keys) },
    { weight: 1, arbitrary: fc.constant("planet") },
  );
  const some = fc
    .uniqueArray(fc.tuple(key, fc.constantFrom(...oddities)), {
      selector: ([name]) => name,
      minLength: 1,
      maxLength: 8,
    })
    .map((entries) => Object.fromEntries(entries));
  const base = fc.oneof({ weight: 9, arbitrary: fc.constant(needed) }, fc.constant({}));
  return fc.tuple(base, some).map(([first, then]) => ({ ...first, ...then }));
}
