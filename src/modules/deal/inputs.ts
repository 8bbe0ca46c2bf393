import { inputField } from "../../write/input.ts";
import { decimalScalar, decimalSchema } from "../../model/kinds/decimal.ts";
import { entityInputs } from "../entity-inputs.ts";
import { deal } from "./model.ts";

export const dealInputs = entityInputs(deal, {
  required: ["account_id"],
  derived: ["quote_ids", "audit_log"],
  links: {
    contacts:
      "All people on the customer's side who have a part in it. Replaces all that the caller can see.",
  },
  fields: {
    probability: inputField({
      field: "probability",
      schema: decimalSchema
        .refine((percent) => percent === null || (Number(percent) >= 0 && Number(percent) <= 100), {
          error: "must be from 0 to 100",
        })
        .meta({ minimum: 0, maximum: 100 }),
      type: { scalar: decimalScalar },
      description: "Chance to win it, in percent (0–100).",
    }),
  },
});
