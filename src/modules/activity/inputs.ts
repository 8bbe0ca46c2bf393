import { z } from "zod";
import { inputField } from "../../write/input.ts";
import { idSchema } from "../../write/input-types.ts";
import { entityInputs } from "../entity-inputs.ts";
import { activity } from "./model.ts";

export const activityInputs = entityInputs(activity, {
  twins: { activity_date: "occurred_at", notes: "description" },
  fields: {
    contact_ids: inputField({
      schema: z
        .array(idSchema("con"), "must be a list of contact ids")
        .max(1_000, "must have at most 1,000 contacts")
        .nullish(),
      type: { listOf: { scalar: "ID" } },
      description: "All people who took part; `contact_id` is one of them.",
    }),
  },
});
