import { defineEntity } from "../../model/entity.ts";
import { dateTime, id, text } from "../../model/field.ts";
import { many } from "../../model/relation.ts";

export const tenant = defineEntity("Tenant", {
  plural: "tenants",
  prefix: "ten",
  ordered: [],
  description:
    "A customer of the CRM: the owner of all other records. A caller sees exactly one tenant.",
  fields: {
    id: id("Identifier, `ten-<uuid>`."),
    name: text("Name of the organization."),
    slug: text("Short name, unique over all tenants: lower-case letters, digits and hyphens."),
    defaultCurrency: text("ISO 4217 code given to deals and quotes that come without one."),
    timeZone: text("IANA time zone in which the tenant's days begin, e.g. `America/New_York`."),
    createdAt: dateTime("When the tenant was created (UTC, milliseconds)."),
  },
  relations: {
    departments: many("department", "The tenant's departments."),
    apiKeys: many("apiKey", "The tenant's API keys, without their secrets."),
    accounts: many("account", "All accounts of the tenant."),
    contacts: many("contact", "All contacts of the tenant."),
    deals: many("deal", "All deals of the tenant."),
    activities: many("activity", "All activities of the tenant, latest first.", [
      { field: "occurredAt", direction: "desc" },
    ]),
    quotes: many("quote", "All quotes of the tenant."),
    lineItems: many("lineItem", "All line items of the tenant."),
    changes: many(
      "changeEvent",
      "Everything that was ever written in the tenant, in the order of the commits.",
    ),
  },
});
