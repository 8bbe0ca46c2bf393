import type { InputDefinition } from "../../write/input-definition.ts";
import { entityInputs } from "../entity-inputs.ts";
import { activity } from "./model.ts";

export const activityInputs = entityInputs(activity, {
  twins: { activity_date: "occurred_at", notes: "description" },
  links: { contacts: "All people who took part; `contact_id` is one of them." },
});

const open: ReadonlySet<string> = new Set(["due_date", "owner_id", "subject", "version"]);

/** What of a task changes until it is completed. */
export const taskInput: InputDefinition = {
  ...activityInputs.update,
  name: "UpdateTaskInput",
  description:
    "Changes to a task that is not completed. Only fields that are sent change. Null and blank clear a field.",
  fields: Object.fromEntries(
    Object.entries(activityInputs.update.fields).filter(([rest]) => open.has(rest)),
  ),
};
