import type { InputDefinition } from "../../write/input-definition.ts";
import { ignoredField, inputField } from "../../write/input.ts";
import { emailScalar, emailSchema } from "../../model/kinds/email.ts";
import { textSchema } from "../../model/kinds/parts/text-schema.ts";
import { accountInputs } from "../account/inputs.ts";

const line = (description: string, required = false) =>
  inputField({
    schema: textSchema(),
    type: { scalar: "String" },
    description,
    required,
  });

const { fields: accountFields } = accountInputs.create;
const accountType = accountFields["account_type"];
if (accountType === undefined) throw new Error("accounts have no account_type");

/** The body of the customers API: an account with its primary contact. */
export const customerInput: InputDefinition = {
  name: "CreateCustomerInput",
  description: "A new customer: an account with its primary contact.",
  blank: "notGiven",
  fields: {
    account_type: { ...accountType, required: true },
    display_name: line("What to show; else `company_name`, else `first_name last_name`."),
    company_name: line("Name of the company."),
    first_name: line("Given name of the primary contact."),
    last_name: line("Family name of the primary contact."),
    email: inputField({
      schema: emailSchema,
      type: { scalar: emailScalar },
      description: "Email of the customer and of its primary contact; unique among live accounts.",
      required: true,
    }),
    phone: line("Phone number of both, kept as it is sent.", true),
    // What was read can be sent back.
    ...Object.fromEntries(Object.entries(accountFields).filter(([, { ignored }]) => ignored)),
    organization_id: ignoredField("it is the credential's."),
  },
};
