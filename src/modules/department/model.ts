import { defineEntity } from "../../model/entity.ts";
import { dateTime, id, int, managed, reference, text } from "../../model/field.ts";
import { many, one } from "../../model/relation.ts";
import { unmeasured } from "../../query/aggregate/measure.ts";
import { historyOf } from "../shared-fields.ts";

export const department = defineEntity({
  name: "department",
  plural: "departments",
  type: "Department",
  table: "departments",
  prefix: "dep",
  description:
    "A department is a label and no fence: a credential that is bound to one reads and writes the whole tenant within its scopes. Integration customers carry the department of the credential that made them.",
  softDelete: false,
  searchable: false,
  fields: {
    id: id("Identifier, `dep-<uuid>`."),
    tenantId: managed(reference("tenant", "The tenant it belongs to.", { nullable: false })),
    name: text("Name of the department.", { nullable: false }),
    version: unmeasured(
      managed(int("Starts at 1 and grows by one with every write.", { nullable: false })),
    ),
    createdAt: managed(dateTime("When it was created (UTC, milliseconds).", { nullable: false })),
  },
  relations: {
    tenant: one("tenant", "tenantId", "The tenant it belongs to."),
    contacts: many("contact", "departmentId", "Contacts that came in through the department."),
    apiKeys: many("apiKey", "departmentId", "API keys bound to the department."),
    history: historyOf("Department"),
  },
});
