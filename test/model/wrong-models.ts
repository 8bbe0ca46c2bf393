/**
 * Models that do not fit schema.prisma. The compiler refuses each: `npm run check` fails when one of them compiles,
 * since a `@ts-expect-error` above code without an error is an error itself. No test runs this file.
 */
import { defineEntity } from "../../src/model/entity.ts";
import {
  enumeration,
  enumOf,
  id,
  int,
  managed,
  reference,
  text,
  dateTime,
  type Meaning,
} from "../../src/model/field.ts";
import { many, one, through } from "../../src/model/relation.ts";
import type { Stored } from "../../src/model/record.ts";

const words = { plural: "departments", prefix: "dep", description: "A part of the tenant." };
const dates = { createdAt: dateTime("When it was made.") };
const fields = {
  id: id("Its id."),
  tenantId: managed(reference("Its tenant.")),
  name: text("Its name."),
  version: int("Its version."),
  ...dates,
};
const relations = { tenant: one("tenant", "Its tenant.") };

/** What all of them are but for one mistake: this compiles. */
export const right = defineEntity("Department", { ...words, fields, relations });

export const strayField = defineEntity("Department", {
  ...words,
  // @ts-expect-error: "Department has no column nickname in schema.prisma"
  fields: { ...fields, nickname: text("There is no such column.") },
  relations,
});

const { name: _name, ...withoutName } = fields;
// @ts-expect-error: "Department.name is a column; name it in fields or in internal"
export const forgottenColumn = defineEntity("Department", {
  ...words,
  fields: withoutName,
  relations,
});

export const wrongKind = defineEntity("Department", {
  ...words,
  // @ts-expect-error: the column is an integer, not text
  fields: { ...fields, version: text("The column is an integer.") },
  relations,
});

export const idForReference = defineEntity("Department", {
  ...words,
  // @ts-expect-error: the column refers to a tenant, so it is a reference
  fields: { ...fields, tenantId: id("The column refers to a tenant.") },
  relations,
});

// @ts-expect-error: whether a field can be null stands in schema.prisma only
export const wrongNullability = text("Never null.", { nullable: false });

// @ts-expect-error: the value "individual" has no meaning
export const valueTooFew = enumOf("AccountType", "Kinds of accounts.", { business: "A company." });

export const valueTooMany = enumOf("AccountType", "Kinds of accounts.", {
  business: "A company.",
  individual: "A person.",
  // @ts-expect-error: schema.prisma has no such value
  robot: "Neither.",
});

const discountType = enumOf("DiscountType", "How it is meant.", {
  amount: "Money.",
  percent: "%.",
});
declare function ofSource(field: Meaning<"enum", "SourceType">): void;
// @ts-expect-error: a column of one enum does not take another
ofSource(enumeration(discountType, "The column holds a SourceType."));

export const wrongEntity = defineEntity("Department", {
  ...words,
  fields,
  // @ts-expect-error: the relation tenant leads to a tenant
  relations: { tenant: one("account", "It leads to a tenant.") },
});

export const wrongSide = defineEntity("Department", {
  ...words,
  fields,
  // @ts-expect-error: a department has many contacts
  relations: { ...relations, contacts: one("contact", "There are many.") },
});

export const strayRelation = defineEntity("Department", {
  ...words,
  fields,
  // @ts-expect-error: schema.prisma has no relation deals between departments and deals
  relations: { ...relations, deals: many("deal", "There is no key for it.") },
});

export const wrongJoin = defineEntity("Department", {
  ...words,
  fields,
  // @ts-expect-error: no join table leads from departments to deals
  relations: { ...relations, deals: through("dealContacts", "deal", "It joins contacts.") },
});

export const wrongOrder = defineEntity("Department", {
  ...words,
  // @ts-expect-error: lists are ordered by columns of the model
  defaultOrder: [{ field: "updatedAt", direction: "asc" }],
  fields,
  relations,
});

declare const deal: Stored<"Deal">;
/** A record has the columns of its model, and the values that they hold. */
export const accountId: string = deal.accountId;
// @ts-expect-error: a deal's value may be null
export const value: string = deal.value;
// @ts-expect-error: a deal has no total
export const total: unknown = deal.total;
