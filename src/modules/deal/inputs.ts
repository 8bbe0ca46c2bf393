import { z } from "zod";
import { inputField } from "../../write/input.ts";
import { decimalSchema, idSchema } from "../../write/input-types.ts";
import { entityInputs } from "../entity-inputs.ts";
import { deal } from "./model.ts";

export const dealInputs = entityInputs(deal, {
  required: ["account_id"],
  derived: ["quote_ids", "audit_log"],
  fields: {
    contact_ids: inputField({
      schema: z
        .array(idSchema("con"), "must be a list of contact ids")
        .max(1_000, "must have at most 1,000 contacts")
        .nullish(),
      type: { listOf: { scalar: "ID" } },
      description: "All people on the customer's side who have a part in it. Replaces all.",
    }),
    probability: inputField({
      field: "probability",
      schema: decimalSchema
        .refine((percent) => percent === null || (Number(percent) >= 0 && Number(percent) <= 100), {
          error: "must be from 0 to 100",
        })
        .nullish(),
      type: { scalar: "Decimal" },
      description: "Chance to win it, in percent (0–100).",
    }),
  },
});
