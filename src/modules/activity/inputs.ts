import { contactIdsField } from "../../write/contact-links.ts";
import { entityInputs } from "../entity-inputs.ts";
import { activity } from "./model.ts";

export const activityInputs = entityInputs(activity, {
  twins: { activity_date: "occurred_at", notes: "description" },
  fields: {
    contact_ids: contactIdsField("All people who took part; `contact_id` is one of them."),
  },
});
