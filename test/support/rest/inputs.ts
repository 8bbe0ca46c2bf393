import fc from "fast-check";
import type { EntityWrites } from "../../../src/write/entity-writes.ts";
import type { InputField } from "../../../src/write/input-definition.ts";
import { accountWrites } from "../../../src/modules/account/service.ts";
import { activityWrites } from "../../../src/modules/activity/service.ts";
import { contactWrites } from "../../../src/modules/contact/service.ts";
import { dealWrites } from "../../../src/modules/deal/service.ts";
import { lineItemWrites } from "../../../src/modules/line-item/service.ts";
import { quoteWrites } from "../../../src/modules/quote/service.ts";
import { jsonValue } from "../samples/arbitraries.ts";

/** What is sent of a record, under REST names. */
export type Body = Readonly<Record<string, unknown>>;

const writesOf = {
  account: accountWrites,
  contact: contactWrites,
  deal: dealWrites,
  activity: activityWrites,
  quote: quoteWrites,
  lineItem: lineItemWrites,
} as const satisfies Readonly<Record<string, EntityWrites>>;
export type Kind = keyof typeof writesOf;

const texts = [
  "Ann",
  "a,b",
  'quo"te \\ back',
  "Ünï 日 😀",
  "two\nlines",
  "100% _",
  "'; --",
  "=1+1",
  "null",
];
const decimals = ["0", "1", "10.5", "0.0001", "999999999999999.9999", "123456789012345.6789"];
const instants = [
  "2026-01-01T00:00:00.001Z",
  "1969-12-31T23:59:59.999Z",
  "2026-03-29T02:30:00+02:00",
];
const days = ["2026-01-01", "2024-02-29", "1850-06-01", "2026-11-30T23:59:59+00:00"];
const jsonObject = fc.dictionary(fc.constantFrom("a", "b c", "é"), jsonValue, {
  maxKeys: 3,
  noNullPrototype: true,
});

/** A good value of a field by what GraphQL calls its type; null for what needs to know of other records. */
function valueOf(name: string, { type, schema }: InputField): fc.Arbitrary<unknown> | null {
  if ("enum" in type) return fc.constantFrom(...Object.keys(type.enum.values));
  if ("input" in type) return null;
  if ("listOf" in type) {
    const isTexts = "scalar" in type.listOf && type.listOf.scalar === "String";
    return isTexts ? fc.uniqueArray(fc.constantFrom(...texts), { maxLength: 3 }) : null;
  }
  switch (typeof type.scalar === "string" ? type.scalar : type.scalar.name) {
    case "ID":
    case "EmailAddress":
      return null;
    case "String":
      return fc.constantFrom(...texts);
    case "Int":
      return fc.constantFrom(0, 1, 2147483647);
    case "Boolean":
      return fc.boolean();
    case "Decimal":
      return fc.constantFrom(...decimals);
    case "DateTime":
      return fc.constantFrom(...instants);
    case "Date":
      return fc.constantFrom(...days);
    case "URL":
      return fc.constantFrom("https://example.com/a?b=c", "HTTP://Example.com");
    case "Currency":
      return fc.constantFrom("USD", "eur", "JPY");
    case "JSON":
      break;
    default: {
      const examples = schema.meta()?.["examples"];
      return Array.isArray(examples) ? fc.constantFrom<unknown[]>(...examples) : null;
    }
  }
  if (name === "custom_fields") return jsonObject;
  return name === "participants" ? fc.array(jsonValue, { maxLength: 2 }) : jsonValue;
}

/** Fields that other fields or records have a say in; see `specials`. */
const governed = new Set([
  "display_name",
  "domain",
  "phone",
  "phone_1",
  "activity_type",
  "deal_number",
  "quote_number",
  "probability",
]);

/** Random values for all fields of an entity that stand for themselves: with all of them, with few, with nulls. */
function plainBody(kind: Kind): fc.Arbitrary<Body> {
  const seen = new Set<string>();
  const values: Record<string, fc.Arbitrary<unknown>> = {};
  for (const [name, field] of Object.entries(writesOf[kind].inputs.create.fields)) {
    const isTwin = field.field !== null && seen.has(field.field);
    if (field.field !== null) seen.add(field.field);
    if (field.ignored || isTwin || governed.has(name)) continue;
    const isKey = name === "external_id";
    // An activity is never deleted: what it was read as could not be sent again.
    if (isKey && kind === "activity") continue;
    const value = isKey ? numbered((number) => `SAP ${number}`) : valueOf(name, field);
    if (value !== null) values[name] = fc.option(value, { freq: 5 });
  }
  return fc.oneof(fc.record(values), fc.record(values, { requiredKeys: [] }));
}

/** What records can hang on; ids as callers see them. */
export type Around = {
  readonly accounts: readonly string[];
  /** By their account. */
  readonly contacts: ReadonlyMap<string, readonly string[]>;
  readonly deals: ReadonlyMap<string, readonly string[]>;
  readonly quotes: readonly string[];
};

let made = 0;
/** Unique values say so by their number. */
const numbered = (text: (number: number) => string): fc.Arbitrary<string | null> =>
  fc.option(
    fc.constant(null).map(() => text(++made)),
    { freq: 4 },
  );
const one = (ids: readonly string[] | undefined): fc.Arbitrary<string | null> =>
  ids === undefined || ids.length === 0 ? fc.constant(null) : fc.option(fc.constantFrom(...ids));

const discount = fc.oneof(
  fc.constant({}),
  fc.record({ discount: fc.constantFrom("12.5", 33, 100), discount_type: fc.constant("percent") }),
  fc.record({ discount: fc.constantFrom("0.0001", 5), discount_type: fc.constant("amount") }),
);
const price = fc
  .tuple(
    fc.record({
      description: fc.option(fc.constantFrom(...texts)),
      quantity: fc.constantFrom(1, "2.5", "0.0001", 1000),
      unit_price: fc.constantFrom("0", "10.5", "99999.9999", 12),
    }),
    discount,
  )
  .map(([line, off]): Body => {
    // An amount off is at most the line's price.
    const isTooMuch = "discount" in off && Number(line.quantity) * Number(line.unit_price) < 5;
    return { discount: null, discount_type: null, ...line, ...(isTooMuch ? {} : off) };
  });

/** Values that depend on other fields and records. */
function specials(kind: Kind, around: Around): fc.Arbitrary<Body> {
  const account = fc.constantFrom(...around.accounts);
  const anybody = [...around.contacts.values()].flat();
  switch (kind) {
    case "account":
      return fc.record({
        email: numbered((number) => `Main${number}@Example.com`),
        domain: numbered((number) => `host${number}.example`),
        phone: fc.option(fc.constantFrom("0404 / 555", "+14045550128")),
        parent_account_id: one(around.accounts),
      });
    case "contact":
      return fc.option(account).chain((account_id) =>
        fc.record({
          account_id: fc.constant(account_id),
          email: numbered((number) => `Some.One${number}@Example.com`),
          phone_1: fc.option(fc.constantFrom("0404 / 555", "+1 (404) 555-0128", "+14045550128")),
          reports_to_contact_id: one(around.contacts.get(account_id ?? "")),
          display_name: fc.option(fc.constantFrom(...texts)),
        }),
      );
    case "deal":
      return account.chain((account_id) =>
        fc.record({
          account_id: fc.constant(account_id),
          deal_number: numbered((number) => `D ${number}`),
          stage: fc.constantFrom("lead", "Own stage", "closed_won", "closed_lost"),
          loss_reason: fc.constantFrom(...texts),
          loss_category: fc.constantFrom(...texts),
          probability: fc.option(fc.constantFrom(0, "33.3333", 100)),
          primary_contact_id: one(anybody),
          contact_ids: fc.option(fc.subarray(anybody, { maxLength: 4 })),
        }),
      );
    case "quote":
      return account.chain((account_id) =>
        fc.record({
          account_id: fc.constant(account_id),
          deal_id: one(around.deals.get(account_id)),
          quote_number: numbered((number) => `Q ${number}`),
          total: fc.constantFrom("1", "123456789.0001"),
          line_items: fc.array(price, { maxLength: 3 }),
        }),
      );
    case "lineItem":
      return fc
        .tuple(fc.constantFrom(...around.quotes), price)
        .map(([quote_id, line]) => ({ ...line, quote_id, currency: undefined }));
    case "activity":
      break;
  }
  return account.chain((account_id) =>
    fc.record({
      account_id: fc.constant(account_id),
      deal_id: one(around.deals.get(account_id)),
      contact_id: one(around.contacts.get(account_id)),
      contact_ids: fc.option(fc.subarray(anybody, { maxLength: 3 })),
      activity_type: fc.option(fc.constantFrom("Site visit", "a,b")),
    }),
  );
}

/** A good body for a new record. */
export function bodyOf(kind: Kind, around: Around): fc.Arbitrary<Body> {
  return fc.tuple(plainBody(kind), specials(kind, around)).map(([plain, special]) => {
    const body: Record<string, unknown> = { ...plain, ...special };
    return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
  });
}
