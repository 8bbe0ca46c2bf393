import type { InputDefinition } from "../../write/input-definition.ts";
import { contactInputs } from "../contact/inputs.ts";

/** The keys of a customer as the document's sample has them, in its order. */
export const integrationCustomerKeys = [
  "id",
  "company",
  "website",
  "title",
  "first_name",
  "last_name",
  "phone_1",
  "phone_2",
  "phone_3",
  "phone_1_label",
  "phone_2_label",
  "phone_3_label",
  "email",
  "postcode",
  "address",
  "address_addition",
  "city",
  "country",
  "state",
  "lead_origin",
  "birthday",
  "tenant_id",
  "note",
  "created_at",
  "updated_at",
] as const;

const { fields } = contactInputs.create;

/** The body of the integration API: a contact under its own names, with a last name. */
export const integrationCustomerInput: InputDefinition = {
  name: "CreateIntegrationCustomerInput",
  description: "A new customer: a person, kept as a contact.",
  blank: "notGiven",
  fields: {
    ...Object.fromEntries(
      integrationCustomerKeys.map((name) => {
        const field = fields[name];
        if (field === undefined) throw new Error(`contacts have no ${name}`);
        return [name, name === "last_name" ? { ...field, required: true } : field];
      }),
    ),
    // What other APIs show of a record, and clients send back.
    ...Object.fromEntries(Object.entries(fields).filter(([, { ignored }]) => ignored)),
  },
};
