import {
  computed,
  dateTime,
  enumeration,
  id,
  int,
  jsonObject,
  managed,
  outside,
  reference,
  text,
  textList,
  enumOf,
  unmeasured,
} from "../model/field.ts";
import type { EntityName } from "../model/datamodel.ts";
import { many, naming, one } from "../model/relation.ts";
import { emailKey } from "../model/kinds/email.ts";
import { phoneInE164 } from "../model/kinds/phone.ts";
import { organizationHost } from "../lib/organization-host.ts";

const sourceType = enumOf("SourceType", "Where a write came from.", {
  frontend: "A user interface.",
  backend: "A backend of ours or of an application.",
  server: "Another server.",
  system: "The gateway itself, e.g. a derived change.",
  api: "A caller of one of the APIs; the default.",
});

/** What every record starts with. */
export const identity = {
  id: id(
    "Identifier: the entity's prefix and a UUIDv7, so ids sort by creation. Given by the gateway.",
  ),
  tenantId: managed(
    reference("The tenant that owns the record. Comes from the credential, never from input."),
  ),
  externalId: outside(
    "The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it.",
  ),
};

/** What users may hang on any record but a line item. */
export const labels = {
  tags: textList("Free-form labels: unique, each at most 64 characters, at most 100.", {
    limits: { items: 100, characters: 64 },
  }),
  customFields: jsonObject(
    "The tenant's own fields as a JSON object: at most 64 KB and 20 levels deep.",
  ),
};

/** What one deletion took has one id, so that one restore brings exactly that back. */
export const deletion = {
  deletionId: id("The deletion that took the record; null while it lives."),
};

/** The edge to everything that ever happened to a record. */
export const history = naming(
  "changeEvent",
  { key: "recordId", typed: "recordType" },
  "Its changes, latest first. They are kept when it is deleted.",
  [{ field: "position", direction: "desc" }],
);

/** What an account or a contact is looked up by. `hosts` are the fields that may say who somebody works for. */
export const keys = (hosts: readonly string[]) => ({
  emailKey: computed("The email as it is compared.", {
    of: ["email"],
    make: (email) => (email == null ? null : emailKey(email)),
  }),
  hostKey: computed("The organization's host, of the first of them that has one.", {
    of: hosts,
    make: (...texts) => organizationHost(texts),
  }),
  phoneE164: computed("The phone number in E.164, where it is one.", {
    of: ["phone"],
    make: (phone) => (phone == null ? null : phoneInE164(phone)),
  }),
});

/** Who wrote the record, when, and its version: kept by the gateway. */
export const stamps = {
  appId: managed(
    text(
      "The application whose credential wrote the record (`app-…`); null when written by a person.",
    ),
  ),
  source: text("A tag for the origin of the record. `edm` unless the writer gives another one."),
  sourceType: enumeration(sourceType, "The kind of the writer."),
  schemaVersion: unmeasured(managed(int("Version of the record's shape; 1 today."))),
  version: unmeasured(
    managed(
      int(
        "Starts at 1 and grows by one with every write. Send it with an update: if it is not the current one any more, nothing is written, and the answer is a conflict.",
      ),
    ),
  ),
  createdAt: managed(dateTime("When the record was created (UTC, milliseconds).")),
  createdBy: managed(text("The creator: the caller's `sub`, or the id of the API key.")),
  updatedAt: managed(dateTime("When the record was last written (UTC, milliseconds).")),
  updatedBy: managed(text("The last writer: the caller's `sub`, or the id of the API key.")),
  deletedAt: managed(
    dateTime(
      "When the record was soft-deleted. Null while it is not deleted. Lists have deleted records only with includeDeleted.",
    ),
  ),
  deletedBy: managed(
    text("The caller who deleted it (a `sub` or an API key's id). Null unless it is deleted."),
  ),
};

/** Where a record went that was merged into another one of its kind. */
export const mergedIntoId = managed(
  reference(
    "The record that this one was merged into. The records of this one belong to it now. A merged record is deleted, and cannot be restored.",
  ),
);

/** The same as edges, both ways. */
export const mergeEdges = <Name extends EntityName>(entity: Name) => ({
  mergedInto: one(entity, "The record that this one was merged into."),
  mergedFrom: many(
    entity,
    "Records that were merged into this one: they are deleted, so they come with includeDeleted only.",
  ),
});
