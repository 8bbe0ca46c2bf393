import { inputField } from "../../write/input.ts";
import { maxLineLength, textSchema } from "../../model/kinds/parts/text-schema.ts";
import { entityInputs } from "../entity-inputs.ts";
import { contact } from "./model.ts";

export const contactInputs = entityInputs(contact, {
  // Comes from the credential alone.
  without: ["departmentId"],
  fields: {
    display_name: inputField({
      // What is computed of two names can be longer than a name that is set by hand, and comes back with the record.
      schema: textSchema("line", 2 * maxLineLength + 1).meta({ maxLength: maxLineLength }),
      type: { scalar: "String" },
      description: "What to show. Left blank it is computed: `first last`, else email, phone, id.",
    }),
    phone: inputField({
      schema: textSchema(),
      type: { scalar: "String" },
      description:
        "First phone number with its country code, e.g. `+1 404 555 0128`; kept in E.164. Or send `phone_1`.",
    }),
    phone_1: inputField({
      schema: textSchema(),
      type: { scalar: "String" },
      description: "First phone number, kept as it is sent.",
    }),
  },
});
