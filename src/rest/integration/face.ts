import { scopeFor } from "../../auth/permissions.ts";
import { catalog } from "../../modules/catalog.ts";
import { contact } from "../../modules/contact/model.ts";
import { contactInputs } from "../../modules/contact/inputs.ts";
import {
  integrationCustomerInput,
  integrationCustomerKeys,
} from "../../modules/integration-customer/inputs.ts";
import { createIntegrationCustomer } from "../../modules/integration-customer/service.ts";
import { projectionColumns, type Projection } from "../../query/projection.ts";
import type { Face } from "../face.ts";
import { recordMembers } from "../record-members.ts";

const projection: Projection = {
  entity: contact,
  notation: { ids: "bare", fraction: 6, days: "day", decimals: "number" },
  members: recordMembers(contact, contactInputs.create, integrationCustomerKeys, []),
};

/** The integration API: customers are contacts, which other systems bring in. */
export const integrationFace: Face = {
  name: "integration",
  title: "Integration",
  description: "Customers that other systems bring in: people, kept as contacts.",
  isEnveloped: false,
  needsOrganization: false,
  resources: [
    {
      noun: "IntegrationCustomer",
      plural: "IntegrationCustomers",
      description: "A person, kept as a contact.",
      path: "/api/v1/integration/customers",
      aliases: ["/v1/customers", "/v1/customer"],
      parameter: "id",
      projection,
      columns: projectionColumns(projection, catalog),
      list: { filters: null, isRich: true },
      scopes: { read: [scopeFor("read", "customer")], write: [scopeFor("write", "customer")] },
      create: {
        input: integrationCustomerInput,
        run: createIntegrationCustomer,
        reads: false,
      },
      change: null,
      upsert: null,
    },
  ],
  words: {
    unauthenticated: "Invalid API key or token",
    isIdSecret: false,
    duplicate: null,
    failure: null,
  },
};
