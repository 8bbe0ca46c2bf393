import type { ModelName } from "../../model/datamodel.ts";
import { defineEntity } from "../../model/entity.ts";
import {
  anyReference,
  bigInt,
  boolean,
  dateTime,
  enumeration,
  id,
  int,
  reference,
  shown,
  text,
  enumOf,
  unmeasured,
} from "../../model/field.ts";
import { one } from "../../model/relation.ts";

export const changeOperation = enumOf("ChangeOperation", "What happened to a record.", {
  created: "It was made.",
  updated: "Some of its values changed.",
  deleted: "It was soft-deleted, by itself or with what it belongs to.",
  restored: "It was brought back.",
});

/** What has a history: the GraphQL types, as the log names them. */
export const recordType = {
  name: "RecordType",
  type: "text",
  description: "A kind of record that has a history.",
  values: {
    Account: "A customer.",
    Contact: "A person.",
    Deal: "A sales opportunity; its contacts and stage are told with it.",
    Activity: "A call, email, meeting, note or task.",
    Quote: "An offer.",
    LineItem: "A line of a quote.",
    Department: "A part of the tenant.",
    ApiKey: "A credential of another server; its secret is never told.",
    Webhook: "An endpoint that is told of changes; what happens to its status is told.",
  } satisfies Partial<Record<ModelName, string>>,
};

export const changeEvent = defineEntity("ChangeEvent", {
  plural: "changes",
  prefix: "evt",
  ordered: [],
  numbered: "position",
  description:
    "One write of one record: who, when, and what it changed. Every version of every record has exactly one.",
  defaultOrder: [{ field: "position", direction: "asc" }],
  fields: {
    id: id("Identifier, `evt-<uuid>`."),
    tenantId: reference("The tenant whose record it was."),
    position: bigInt(
      "Its place in the tenant's log: 1, 2, 3 and so on in the order of the commits, without gaps; a list that is narrowed leaves numbers out.",
    ),
    endsTransaction: boolean(
      "Whether it is the last of its transaction: a copy that stops only behind such events never holds half a write. The last of all of them: with `types` or `where` it may be one that is left out.",
    ),
    recordType: enumeration(recordType, "What kind of record it was."),
    recordId: anyReference("recordType", "The record's id, with its prefix."),
    operation: enumeration(changeOperation, "What happened to the record."),
    version: unmeasured(int("The record's version from then on.")),
    actor: text(
      "Who did it: the caller's `sub` or the API key's id; `gateway` where it switched a webhook off.",
    ),
    appId: text("The application that the record belongs to (`app-…`); null for none."),
    occurredAt: dateTime("When it was written (UTC, milliseconds)."),
    changes: shown(
      "recordType",
      "What changed, field by field. Derived texts (display_name) are left out; updated_at and updated_by are the event's occurredAt and actor.",
    ),
  },
  internal: {
    transactionId: bigInt(
      "PostgreSQL's number of the transaction, for whoever looks into its logs.",
    ),
  },
  relations: {
    tenant: one("tenant", "The tenant whose record it was."),
  },
});
