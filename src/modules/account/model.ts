import {
  contains,
  dateTime,
  decimal,
  defineEntity,
  email,
  enumeration,
  generated,
  int,
  json,
  managed,
  many,
  one,
  outside,
  prose,
  reference,
  text,
  type EnumDefinition,
} from "../../query/entity.ts";
import {
  deletion,
  identity,
  labels,
  mergedInto,
  mergeEdges,
  phoneShadow,
  stamps,
} from "../record.ts";

export const accountType: EnumDefinition = {
  name: "AccountType",
  type: "account_type",
  description: "What kind of customer an account is.",
  values: { business: "An organization; the default.", individual: "A person." },
};

export const account = defineEntity({
  name: "account",
  plural: "accounts",
  type: "Account",
  table: "accounts",
  prefix: "acc",
  description: "A customer: an organization or a person that deals are made with.",
  unique: [{ field: "email", within: null }],
  fields: {
    ...identity,
    name: text("Company or customer name.", { searched: "whole" }),
    legalName: text("Full registered legal name.", { searched: "whole" }),
    displayName: generated(
      text(
        "What to show: the name, else the legal name, domain, email or id. Never null, always derived.",
        { nullable: false },
      ),
    ),
    accountType: enumeration(accountType, "Whether the customer is an organization or a person."),
    email: email("Main email. Unique among the tenant's live accounts, compared without case.", {
      searched: "whole",
    }),
    phone: text("Main phone number, as it was given.", { searched: "whole" }),
    industry: text("Industry: a NAICS code or free text.", { searched: "whole" }),
    subIndustry: text("Secondary industry."),
    website: text("Public website.", { searched: "whole" }),
    domain: text(
      "Email domain, lower case, without scheme or `www.`: contacts with such an email are attached to the account.",
      {
        searched: "whole",
      },
    ),
    addresses: json("Postal addresses: billing, shipping, office.", { nullable: false }),
    annualRevenue: decimal("Estimated yearly revenue in USD."),
    employeeCount: int("Approximate number of employees."),
    lifecycleStage: text("Where the customer relationship stands, e.g. `prospect`, `customer`."),
    leadSource: text("How the account was first won, e.g. `inbound`, `event`, `referral`."),
    healthScore: text("Health as customer success sees it."),
    ownerId: outside("Who owns the account (`usr-…`)."),
    parentAccountId: reference("account", "The account it is a subsidiary of."),
    description: prose("Notes about the account, at most 100,000 characters."),
    lastActivityAt: managed(dateTime("Time of the latest live activity; derived.")),
    firstContactedAt: dateTime("Time of the first contact; set by the first activity when empty."),
    mergedIntoId: mergedInto("account"),
    ...labels,
    ...stamps,
  },
  internal: { ...deletion, phoneE164: phoneShadow },
  relations: {
    tenant: one("tenant", "tenantId", "The tenant that owns the account."),
    parent: one("account", "parentAccountId", "The account it is a subsidiary of."),
    subsidiaries: many(
      "account",
      "parentAccountId",
      "Accounts that name this one as their parent.",
    ),
    ...mergeEdges("account"),
    contacts: contains(many("contact", "accountId", "People at the account.")),
    deals: contains(many("deal", "accountId", "Sales opportunities with the account.")),
    activities: contains(
      many("activity", "accountId", "Calls, emails, meetings, notes and tasks, latest first.", [
        { field: "occurredAt", direction: "desc" },
      ]),
    ),
    quotes: contains(many("quote", "accountId", "Quotes made to the account.")),
  },
});
