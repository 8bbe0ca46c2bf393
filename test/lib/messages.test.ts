import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  isComplaint,
  labelled,
  sentenceOf,
  wordsOf,
  type Complaint,
} from "../../src/lib/messages.ts";
import { isRecord } from "../../src/lib/json.ts";

type Key = Complaint["complaint"];
/** The values of a complaint: `{ max: number }`; of each of several kinds, if it has such. */
type ValuesOf<One> = One extends unknown ? Omit<One, "complaint"> : never;

const quota = { owner: "Token", limit: 61, retryAfter: 17 };
/** Values for every text; none can be forgotten. */
const samples: { readonly [Each in Key]: ValuesOf<Complaint<Each>> } = {
  text: { text: "words" },
  besideWhole: { whole: "custom_fields" },
  whole: { text: "words" },
  notText: {},
  notWhole: {},
  notWholeUpTo: { max: 251 },
  notBoolean: {},
  notOneOf: { names: ["first", "second"] },
  notListed: { names: ["first", "second"], more: 1_234, meant: "first" },
  notDecimal: { fault: "text", sent: "12,5" },
  decimalFault: { fault: "text", sent: "12,5" },
  notDay: {},
  notInstant: {},
  notPhone: {},
  notDomain: {},
  notUrl: {},
  notCurrency: {},
  notCurrencyCode: {},
  notEmail: {},
  notId: { prefix: "acc", sent: "12" },
  negative: {},
  negativeAmount: {},
  totalTooLong: {},
  tooLong: { max: 1_234 },
  tooManyBytes: { max: 1_234 },
  tooManyItems: { max: 1_234, of: "things" },
  unstorable: {},
  onlyBlanks: {},
  jsonTooLarge: { kilobytes: 64 },
  jsonTooDeep: { max: 21 },
  jsonKeyTwice: { key: "label" },
  jsonKeyForbidden: { key: "label" },
  numberOutOfRange: {},
  numberTooLong: { max: 1_234 },
  missing: {},
  empty: {},
  unknownField: {},
  neverNull: { emptiedBy: "[]" },
  saysElse: { other: "type" },
  namedTwice: { within: "list" },
  stale: { type: "Deal", version: 7 },
  taken: { type: "Contact", owner: "account" },
  takenByOther: {},
  sameAsRow: { row: 3 },
  ofAnotherOwner: { named: "deal", owner: "account" },
  ownerDeleted: { type: "Account" },
  notRepresented: { type: "Deal", prefix: "deal", sent: "acc-1" },
  noSuchRecord: { type: "Deal" },
  partTooLong: { max: 201 },
  partInvisible: {},
  noSuchOperator: {},
  notString: {},
  noDirection: {},
  tooManyCharacters: { max: 1_234, where: "filter" },
  noWord: {},
  cursorExpired: {},
  cursorAhead: {},
  noCursor: {},
  invalidPayload: {},
  noOrganization: {},
  keyLacksScopes: {},
  recordNotFound: { noun: "Deal" },
  failed: {},
  failedAs: { requestId: "0d2c4f5e" },
  noCredentialCheck: {},
  foreignOrigin: {},
  readTooSlowly: {},
  busy: {},
  noConnection: {},
  requestsUsedUp: quota,
  pointsUsedUp: { ...quota, points: 911, remaining: 5 },
  usedUp: { owner: "Token", quota: "points" },
  neverEnoughPoints: { owner: "Token", points: 911, limit: 61 },
  notIdempotencyKey: { max: 254 },
  keyReused: { hours: 25 },
  keyInUse: {},
  noKeySet: {},
  otherPlace: { header: "X-Department-Id", place: "department" },
  missingScopes: { scopes: ["read:deals", "write:deals"] },
  bodyTooLarge: { max: 1_234 },
  bodyNotJson: {},
};

/** What a text must have in it of its values; a flag chooses words, and is none itself. */
const shownOf = (values: object): string[] =>
  Object.entries(values).flatMap(([name, value]) => {
    if (typeof value === "boolean" || name === "fault") return [];
    const items: unknown[] = Array.isArray(value) ? value : [value];
    return items.map((item) =>
      typeof item === "number" ? item.toLocaleString("en") : String(item),
    );
  });

describe("every text", () => {
  it.each(Object.entries(samples))("%s has its values in it", (complaint, values) => {
    const whole: unknown = { complaint, ...values };
    if (!isComplaint(whole)) throw new Error(`${complaint} is no complaint`);
    const words = wordsOf(whole);
    expect(words).not.toMatch(/undefined|null,|NaN|\[object|\$\{/);
    for (const shown of shownOf(values)) expect(words).toContain(shown);
  });
});

describe("a complaint beside its place", () => {
  const path = ["line_items", "2", "quantity"];
  it("goes on where the place ends, or has it as a label", () => {
    expect(sentenceOf(path, { complaint: "missing" })).toBe("line_items.2.quantity is needed.");
    expect(labelled(path, { complaint: "notString" })).toBe(
      "line_items.2.quantity: a string is expected.",
    );
    expect(sentenceOf([], { complaint: "missing" })).toBe("is needed.");
  });

  it("stands by itself where its words do", () => {
    expect(sentenceOf(path, { complaint: "notEmail" })).toBe("Invalid email address");
    expect(labelled(path, { complaint: "notEmail" })).toBe(
      "line_items.2.quantity: Invalid email address",
    );
    expect(labelled(path, { complaint: "whole", text: "first, last: one." })).toBe(
      "first, last: one.",
    );
  });

  it("is told from what is none", () => {
    for (const other of [null, "missing", {}, { complaint: "toString" }, { complaint: 1 }]) {
      expect(isComplaint(other)).toBe(false);
    }
  });
});

/** All texts of the examples in a document. */
function textsIn(value: unknown, isExample = false): string[] {
  if (typeof value === "string") return isExample ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((item) => textsIn(item, isExample));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, item]) =>
    textsIn(item, isExample || name === "example"),
  );
}

it("the examples of the OpenAPI document have no hole in them", () => {
  const path = new URL("../../client/openapi.json", import.meta.url);
  const document: unknown = JSON.parse(readFileSync(path, "utf8"));
  const texts = textsIn(document);
  expect(texts).toContain("Invalid email address");
  for (const text of texts) expect(text).not.toMatch(/undefined|NaN|\[object/);
});
