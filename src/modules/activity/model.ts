import { defineEntity } from "../../model/entity.ts";
import {
  boolean,
  dateTime,
  enumeration,
  json,
  outside,
  outsideList,
  prose,
  reference,
  text,
  enumOf,
} from "../../model/field.ts";
import { one, through } from "../../model/relation.ts";
import { deletion, identity, labels, stamps, history } from "../shared-fields.ts";

const activityType = enumOf("ActivityType", "What kind of touchpoint an activity was.", {
  call: "A phone or video call.",
  email: "An email, in or out.",
  meeting: "A meeting.",
  note: "A note.",
  task: "Something to do.",
});

export const activity = defineEntity("Activity", {
  plural: "activities",
  prefix: "act",
  ordered: ["createdAt", "updatedAt", "occurredAt", "dueDate"],
  description:
    "A logged touchpoint: a call, email, meeting, note or task. A log entry: it is not changed afterwards, but for a task until it is completed.",
  defaultOrder: [{ field: "occurredAt", direction: "desc" }],
  fields: {
    ...identity,
    accountId: reference("The account it belongs to."),
    dealId: reference("The deal it belongs to."),
    contactId: reference("The main person involved; one of its contacts."),
    type: enumeration(activityType, "What kind of touchpoint it was."),
    activityType: text("Kind as free text, where the five types are too coarse.", {
      searched: "whole",
    }),
    subject: text("Subject or short title.", { searched: "whole" }),
    description: prose("What happened; Markdown, at most 100,000 characters (`notes` in REST)."),
    occurredAt: dateTime("When it happened (`activity_date` in REST)."),
    dueDate: dateTime("When it is due, for tasks."),
    completedAt: dateTime("When it was completed."),
    status: text("Status, e.g. `open`, `completed`."),
    priority: text("Priority."),
    direction: text("`inbound` or `outbound`, for calls and emails."),
    outcome: text("Outcome.", { searched: "whole" }),
    actorType: text("Who or what performed it, e.g. `user`, `agent`."),
    performedByUserId: outside("Who performed it (`usr-…` or a service account)."),
    ownerId: outside("Who owns it (`usr-…`)."),
    participants: json("All participants, a JSON list of users and contacts."),
    linkedTraceId: outside("Trace id, when an AI wrote it."),
    attachmentRefs: outsideList("Object keys of attached files."),
    recurrence: json("Schedule of a repeating activity."),
    reminderSent: boolean("Whether a reminder was sent."),
    ...labels,
    ...stamps,
  },
  rules: {
    // A log entry stays what it was when a deal or contact goes to another account.
    sameOwner: [
      { key: "dealId", owner: "accountId", orNone: false, lasting: false },
      { key: "contactId", owner: "accountId", orNone: true, lasting: false },
    ],
    links: [{ relation: "contacts", main: "contactId" }],
  },
  internal: deletion,
  relations: {
    tenant: one("tenant", "The tenant that owns the activity."),
    account: one("account", "The account it belongs to."),
    deal: one("deal", "The deal it belongs to."),
    contact: one("contact", "The main person involved."),
    contacts: through("activityContacts", "contact", "All people who took part."),
    history,
  },
});
