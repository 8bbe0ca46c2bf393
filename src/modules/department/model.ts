import { defineEntity } from "../../model/entity.ts";
import { dateTime, id, int, managed, reference, text, unmeasured } from "../../model/field.ts";
import { many, one } from "../../model/relation.ts";
import { history } from "../shared-fields.ts";

export const department = defineEntity("Department", {
  plural: "departments",
  prefix: "dep",
  description:
    "A department is a label and no fence: a credential that is bound to one reads and writes the whole tenant within its scopes. Integration customers carry the department of the credential that made them.",
  fields: {
    id: id("Identifier, `dep-<uuid>`."),
    tenantId: managed(reference("The tenant it belongs to.")),
    name: text("Name of the department."),
    version: unmeasured(managed(int("Starts at 1 and grows by one with every write."))),
    createdAt: managed(dateTime("When it was created (UTC, milliseconds).")),
  },
  relations: {
    tenant: one("tenant", "The tenant it belongs to."),
    contacts: many("contact", "Contacts that came in through the department."),
    apiKeys: many("apiKey", "API keys bound to the department."),
    history,
  },
});
