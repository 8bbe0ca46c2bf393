import { entityInputs } from "../entity-inputs.ts";
import { activity } from "./model.ts";

export const activityInputs = entityInputs(activity, {
  twins: { activity_date: "occurred_at", notes: "description" },
  links: { contacts: "All people who took part; `contact_id` is one of them." },
});
