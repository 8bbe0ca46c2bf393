import { capitalized } from "../../lib/text.ts";
import { scopeFor } from "../../auth/permissions.ts";
import { catalog } from "../../modules/catalog.ts";
import { accountWrites } from "../../modules/account/service.ts";
import { activityWrites } from "../../modules/activity/service.ts";
import { contactWrites } from "../../modules/contact/service.ts";
import { dealWrites } from "../../modules/deal/service.ts";
import { lineItemWrites } from "../../modules/line-item/service.ts";
import { quoteWrites } from "../../modules/quote/service.ts";
import type { Notation } from "../../model/kind.ts";
import { projectionColumns, type Member, type Projection } from "../../query/projection.ts";
import type { EntityWrites } from "../../write/entity-writes.ts";
import { upsertRecord } from "../../write/upsert.ts";
import { createRecords, deleteRecords, updateRecords } from "../../write/verbs.ts";
import { only } from "../../write/write-rows.ts";
import { externalId, type Face, type Resource } from "../face.ts";
import { keysInOrder, recordMembers } from "../record-members.ts";
import { documented } from "./documented.ts";

/** How the CRM API writes values. */
export const notation: Notation = {
  ids: "prefixed",
  fraction: 3,
  days: "midnight",
  decimals: "number",
};

/** Keys of records that are no fields of their models. */
const specials: Readonly<Record<keyof typeof documented, readonly Member[]>> = {
  account: [],
  contact: [],
  deal: [
    { kind: "ids", key: "contact_ids", relation: "contacts" },
    { kind: "ids", key: "quote_ids", relation: "quotes" },
    {
      kind: "records",
      key: "audit_log",
      relation: "stageHistory",
      members: [
        { key: "from", field: "fromStage" },
        { key: "to", field: "toStage" },
        { key: "at", field: "changedAt" },
        { key: "by", field: "changedBy" },
      ],
      order: [{ field: "changedAt", direction: "asc" }],
    },
  ],
  activity: [
    { kind: "ids", key: "contact_ids", relation: "contacts" },
    { kind: "field", key: "activity_type", field: "activityType", or: "type" },
  ],
  quote: [
    {
      kind: "records",
      key: "line_items",
      relation: "lineItems",
      members: [
        { key: "id", field: "id" },
        { key: "description", field: "description" },
        { key: "quantity", field: "quantity" },
        { key: "unit_price", field: "unitPrice" },
        { key: "discount", field: "discount" },
        { key: "total", field: "total" },
        { key: "currency", field: "currency" },
        // Without it, a discount in percent would come back as an amount.
        { key: "discount_type", field: "discountType" },
      ],
      order: [{ field: "position", direction: "asc" }],
    },
  ],
  lineItem: [],
};

const isDeleted: Member = { kind: "isSet", key: "is_deleted", field: "deletedAt" };

/** The records of an entity as the CRM API shows them; what a contact's department is, is private to another face. */
function projectionOf(name: keyof typeof documented, { inputs }: EntityWrites): Projection {
  const entity = catalog.entity(name);
  const keys = keysInOrder(documented[name], inputs.create);
  return {
    entity,
    notation,
    members: recordMembers(entity, inputs.create, keys, [isDeleted, ...specials[name]]),
  };
}

function resource(
  name: keyof typeof documented,
  writes: EntityWrites,
  options: { readonly isLog?: boolean; readonly alsoReads?: readonly string[] } = {},
): Resource {
  const { entity, inputs } = writes;
  const projection = projectionOf(name, writes);
  const path = `/api/v1/crm/${entity.table.replaceAll("_", "-")}`;
  const read = [name, ...(options.alsoReads ?? [])].map((one) => scopeFor("read", one));
  return {
    noun: entity.type,
    plural: capitalized(entity.plural),
    description: entity.description,
    path,
    aliases: [],
    parameter: "id",
    projection,
    columns: projectionColumns(projection, catalog),
    list: { filters: null, isRich: true },
    scopes: { read, write: [scopeFor("write", name)] },
    create: {
      input: inputs.create,
      run: async (context, input) => only(await createRecords(context, writes, [input])),
      reads: true,
    },
    change:
      options.isLog === true
        ? null
        : {
            input: inputs.update,
            update: async (context, row) => only(await updateRecords(context, writes, [row])),
            remove: async (context, row) => only(await deleteRecords(context, writes, [row])),
          },
    upsert:
      writes.upsertKeys === undefined
        ? null
        : {
            input: inputs.update,
            run: (context, input, { updateOnly }) =>
              upsertRecord(context, writes, input, {
                by: externalId,
                updateOnly,
                repeatable: true,
              }),
          },
  };
}

/** The CRM API: every entity under its own path. */
export const crmFace: Face = {
  name: "crm",
  title: "CRM",
  description: "Accounts, contacts, deals, activities, quotes and line items.",
  isEnveloped: false,
  needsOrganization: false,
  resources: [
    resource("account", accountWrites),
    resource("contact", contactWrites),
    resource("deal", dealWrites),
    resource("activity", activityWrites, { isLog: true }),
    // A quote shows what it offers.
    resource("quote", quoteWrites, { alsoReads: ["lineItem"] }),
    resource("lineItem", lineItemWrites),
  ],
  words: {
    unauthenticated: "Invalid API key or token",
    isIdSecret: false,
    duplicate: null,
    failure: null,
  },
};
