import { defineEntity } from "../../model/entity.ts";
import { dateTime, id, text } from "../../model/field.ts";
import { many } from "../../model/relation.ts";

export const tenant = defineEntity({
  name: "tenant",
  plural: "tenants",
  type: "Tenant",
  table: "tenants",
  prefix: "ten",
  ordered: [],
  description:
    "A customer of the CRM: the owner of all other records. A caller sees exactly one tenant.",
  tenantColumn: "id",
  softDelete: false,
  searchable: false,
  fields: {
    id: id("Identifier, `ten-<uuid>`."),
    name: text("Name of the organization.", { nullable: false }),
    slug: text("Short name, unique over all tenants: lower-case letters, digits and hyphens.", {
      nullable: false,
    }),
    defaultCurrency: text("ISO 4217 code given to deals and quotes that come without one.", {
      nullable: false,
    }),
    timeZone: text("IANA time zone in which the tenant's days begin, e.g. `America/New_York`.", {
      nullable: false,
    }),
    createdAt: dateTime("When the tenant was created (UTC, milliseconds).", { nullable: false }),
  },
  relations: {
    departments: many("department", "tenantId", "The tenant's departments."),
    apiKeys: many("apiKey", "tenantId", "The tenant's API keys, without their secrets."),
    accounts: many("account", "tenantId", "All accounts of the tenant."),
    contacts: many("contact", "tenantId", "All contacts of the tenant."),
    deals: many("deal", "tenantId", "All deals of the tenant."),
    activities: many("activity", "tenantId", "All activities of the tenant, latest first.", [
      { field: "occurredAt", direction: "desc" },
    ]),
    quotes: many("quote", "tenantId", "All quotes of the tenant."),
    lineItems: many("lineItem", "tenantId", "All line items of the tenant."),
    changes: many(
      "changeEvent",
      "tenantId",
      "Everything that was ever written in the tenant, in the order of the commits.",
    ),
  },
});
