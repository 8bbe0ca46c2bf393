import { ignoredField, type InputDefinition } from "../../write/input.ts";
import { contactInputs } from "../contact/inputs.ts";

/** What callers write of a customer of the integration API. */
const written = [
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
  "note",
] as const;

const { fields } = contactInputs.create;

/** The body of the integration API: a contact under its own names, with a last name. */
export const integrationCustomerInput: InputDefinition = {
  name: "CreateIntegrationCustomerInput",
  description: "A new customer: a person, kept as a contact.",
  fields: {
    ...Object.fromEntries(
      written.map((name) => {
        const field = fields[name];
        if (field === undefined) throw new Error(`contacts have no ${name}`);
        return [name, name === "last_name" ? { ...field, required: true } : field];
      }),
    ),
    ...Object.fromEntries(Object.entries(fields).filter(([, { ignored }]) => ignored)),
    id: ignoredField("kept by the gateway."),
  },
};
