import type { Random } from "../../../src/seed/random.ts";

/** JSON texts that some reader of numbers, texts or trees does not expect. */
export const hostileTexts: readonly string[] = [
  "null",
  "true",
  "0",
  "-0",
  "-1",
  "101",
  "1e400",
  "-1e400",
  "1e-400",
  "2147483648",
  "9007199254740993",
  "0.1234567890123456789",
  "9".repeat(5_000),
  '""',
  '" "',
  '"\\u0000"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"NaN"',
  '"Infinity"',
  '"__proto__"',
  '"constructor"',
  '"2026-02-30"',
  '"0000-00-00T00:00:00Z"',
  '"+999999-01-01T00:00:00.000Z"',
  '"\'; DROP TABLE accounts; --"',
  '"%"',
  '"\\\\"',
  "\"=cmd|' /C calc'!A0\"",
  '"a\\r\\nSet-Cookie: b"',
  '"😀"',
  "[]",
  "[null]",
  "[[[[]]]]",
  "{}",
  '{"__proto__":{"a":1}}',
  '{"constructor":{"prototype":{"a":1}}}',
  '{"toString":1,"then":{}}',
  '{"a":1,"a":2}',
  '{"":""}',
];

/** A value that nobody asked for, as JSON text. */
export function hostileJson(random: Random): string {
  const size = random.weighted([
    [0, 30],
    [1, 1],
    [2, 1],
    [3, 1],
  ]);
  if (size === 1) return JSON.stringify("x".repeat(random.between(1_000, 60_000)));
  if (size === 2)
    return `[${Array.from({ length: random.between(100, 3_000) }, () => "1").join(",")}]`;
  if (size === 3) {
    const depth = random.pick([21, 60, 240, 260, 5_000, 100_000]);
    return random.chance(0.5)
      ? "[".repeat(depth) + "]".repeat(depth)
      : '{"a":'.repeat(depth) + "1" + "}".repeat(depth);
  }
  return random.pick(hostileTexts);
}

/** Pieces of GraphQL that stand where they do not belong. */
const pieces: readonly string[] = [
  "{",
  "}",
  "(",
  ")",
  "[",
  "]",
  "@",
  "$",
  "...",
  ":",
  "!",
  "|",
  "&",
  "=",
  '"',
  '"""',
  "#",
  "\u0000",
  "\ud800",
  "\ufeff",
  "\\",
  "\r\n",
  " on ",
  " fragment ",
  " fragment on on on { on } ",
  " query ",
  " mutation ",
  " subscription ",
  " @skip(if: true) ",
  " @include(if: $a) ",
  " @deprecated ",
  " @oneOf ",
  " ...F ",
  " __typename ",
  " __schema { types { name fields { name } } } ",
  ' __type(name: "Account") { fields { type { name } } } ',
  " null ",
  " true ",
  " 1e999 ",
  " 0123 ",
  " 99999999999999999999 ",
  " _ ",
  " a: ",
];

/** A text with some of it gone, doubled, put in or exchanged. */
export function garbled(random: Random, text: string): string {
  let result = text;
  for (let change = random.between(1, 4); change > 0; change -= 1) {
    const start = random.between(0, result.length);
    const end = Math.min(result.length, start + random.between(0, 12));
    const [before, middle, after] = [
      result.slice(0, start),
      result.slice(start, end),
      result.slice(end),
    ];
    switch (random.between(0, 5)) {
      case 0:
        result = before + after;
        break;
      case 1:
        result = before + middle + middle + after;
        break;
      case 2:
        result = before + random.pick(pieces).repeat(random.chance(0.1) ? 400 : 1) + middle + after;
        break;
      case 3:
        result = before + "x".repeat(random.pick([1, 100, 20_000])) + after;
        break;
      case 4:
        result = before + random.pick(pieces) + after;
        break;
      default:
        result = after + before;
    }
  }
  return result.slice(0, 400_000);
}

/** The same for bytes. */
export function garbledBytes(random: Random, bytes: Buffer): Buffer {
  const result = Buffer.from(bytes);
  for (let change = random.between(1, 6); change > 0 && result.length > 0; change -= 1) {
    const place = random.between(0, result.length - 1);
    result[place] = random.chance(0.5)
      ? random.between(0, 255)
      : random.pick([0, 34, 92, 123, 128, 255]);
  }
  const cut = random.weighted([
    [result.length, 6],
    [random.between(0, result.length), 2],
  ]);
  return result.subarray(0, cut);
}
