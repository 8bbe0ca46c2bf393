import { defineEntity } from "../../model/entity.ts";
import {
  dateTime,
  decimal,
  domain,
  email,
  enumeration,
  int,
  json,
  managed,
  phone,
  outside,
  prose,
  reference,
  text,
  url,
  enumOf,
} from "../../model/field.ts";
import { emptyList } from "../../model/picklist.ts";
import { contains, many, one } from "../../model/relation.ts";
import {
  deletion,
  history,
  identity,
  keys,
  labels,
  mergedIntoId,
  mergeEdges,
  stamps,
} from "../shared-fields.ts";

const accountType = enumOf("AccountType", "What kind of customer an account is.", {
  business: "An organization; the default.",
  individual: "A person.",
});

export const maxAddresses = 50;

export const account = defineEntity("Account", {
  plural: "accounts",
  prefix: "acc",
  ordered: ["createdAt", "updatedAt", "displayName", "name", "lastActivityAt", "annualRevenue"],
  description: "A customer: an organization or a person that deals are made with.",
  searchRank: 4,
  unique: [{ field: "email", within: null }],
  fields: {
    ...identity,
    name: text("Company or customer name.", { searched: "whole" }),
    legalName: text("Full registered legal name.", { searched: "whole" }),
    displayName: text(
      "What to show: the name, else the legal name, domain, email or id. Never null, always derived.",
    ),
    accountType: enumeration(accountType, "Whether the customer is an organization or a person."),
    email: email("Main email. Unique among the tenant's live accounts, compared without case.", {
      searched: "whole",
    }),
    phone: phone("Main phone number, as it was given.", { searched: "whole" }),
    industry: text("Industry: a NAICS code or free text.", {
      searched: "whole",
      picklist: emptyList("accountIndustries"),
    }),
    subIndustry: text("Secondary industry."),
    website: url("Public website, http or https.", { searched: "whole" }),
    domain: domain(
      "Email domain in lower case and punycode, without scheme or `www.`: contacts with such an email are attached to the account.",
      {
        searched: "whole",
      },
    ),
    addresses: json("Postal addresses: billing, shipping, office.", {
      limits: { items: maxAddresses },
    }),
    annualRevenue: decimal("Estimated yearly revenue in USD."),
    employeeCount: int("Approximate number of employees."),
    lifecycleStage: text("Where the customer relationship stands, e.g. `prospect`, `customer`.", {
      picklist: emptyList("accountLifecycleStages"),
    }),
    leadSource: text("How the account was first won, e.g. `inbound`, `event`, `referral`.", {
      picklist: emptyList("accountLeadSources"),
    }),
    healthScore: text("Health as customer success sees it."),
    ownerId: outside("Who owns the account (`usr-…`)."),
    parentAccountId: reference("The account it is a subsidiary of."),
    description: prose("Notes about the account, at most 100,000 characters."),
    lastActivityAt: managed(dateTime("Time of the latest live activity; derived.")),
    firstContactedAt: dateTime("Time of the first contact; set by the first activity when empty."),
    mergedIntoId,
    ...labels,
    ...stamps,
  },
  rules: { hierarchy: { key: "parentAccountId", maxDepth: 50, within: null } },
  internal: { ...deletion, ...keys(["domain", "website", "email"]) },
  relations: {
    tenant: one("tenant", "The tenant that owns the account."),
    parent: one("account", "The account it is a subsidiary of."),
    subsidiaries: many("account", "Accounts that name this one as their parent."),
    ...mergeEdges("account"),
    contacts: contains(many("contact", "People at the account.")),
    deals: contains(many("deal", "Sales opportunities with the account.")),
    activities: contains(
      many("activity", "Calls, emails, meetings, notes and tasks, latest first.", [
        { field: "occurredAt", direction: "desc" },
      ]),
    ),
    quotes: contains(many("quote", "Quotes made to the account.")),
    history,
  },
});
