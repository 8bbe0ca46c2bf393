import { scopeFor } from "../../auth/permissions.ts";
import { account } from "../../modules/account/model.ts";
import { accountInputs } from "../../modules/account/inputs.ts";
import { catalog } from "../../modules/catalog.ts";
import { customerInput } from "../../modules/customer/inputs.ts";
import { createCustomer } from "../../modules/customer/service.ts";
import { projectionColumns, type Projection } from "../../query/projection.ts";
import type { Face } from "../face.ts";
import { recordMembers } from "../record-members.ts";

/** The keys of a customer as the document has them, in its order. */
const documented = [
  "id",
  "organization_id",
  "account_type",
  "display_name",
  "email",
  "phone",
  "created_at",
] as const;

const projection: Projection = {
  entity: account,
  notation: { ids: "bare", fraction: 3, days: "day", decimals: "number" },
  members: recordMembers(account, accountInputs.create, documented, [
    { kind: "field", key: "organization_id", field: "tenantId" },
  ]),
};

/** The customers API: customers are accounts, each with its primary contact. */
export const customersFace: Face = {
  name: "customers",
  title: "Customers",
  description: "Customers of an organization: accounts, each with its primary contact.",
  isEnveloped: true,
  needsOrganization: true,
  resources: [
    {
      noun: "Customer",
      plural: "Customers",
      description: "An account, shown as a customer.",
      path: "/api/public/v1/customers",
      aliases: [],
      parameter: "customerId",
      projection,
      columns: projectionColumns(projection, catalog),
      list: { filters: ["account_type", "email", "phone", "display_name"], isRich: false },
      scopes: { read: [scopeFor("read", "customer")], write: [scopeFor("write", "customer")] },
      create: { input: customerInput, run: createCustomer, reads: false },
      change: null,
      upsert: null,
    },
  ],
  words: {
    unauthenticated: "Invalid API key",
    isIdSecret: true,
    duplicate: (key) => `Customer ${key} already exists in this organization`,
    failure: (verb) =>
      verb === "create" ? "Failed to create customer" : "Failed to fetch customers",
  },
};
