import { credential } from "./checks.ts";
import type {
  Account,
  Activity,
  Contact,
  CreateAccountInput,
  CreateActivityInput,
  CreateContactInput,
  CreateDealInput,
  CreateIntegrationCustomerInput,
  CreateLineItemInput,
  CreateQuoteInput,
  Deal,
  IntegrationCustomer,
  LineItem,
  ListAccountsParameters,
  ListActivitiesParameters,
  ListContactsParameters,
  ListDealsParameters,
  ListIntegrationCustomersParameters,
  ListLineItemsParameters,
  ListQuotesParameters,
  Quote,
  UpdateAccountInput,
  UpdateContactInput,
  UpdateDealInput,
  UpdateLineItemInput,
  UpdateQuoteInput,
} from "./openapi.ts";
import { importsOf, type Imports } from "./imports.ts";
import type { ClientOptions } from "./options.ts";
import {
  collectionAt,
  exportedAt,
  logAt,
  type Collection,
  type Exported,
  type Log,
} from "./resource.ts";
import { Transport } from "./transport.ts";

/** Who calls: with an API key, or with a token of the identity provider. */
export type CrmCredential =
  | { readonly apiKey: string; readonly token?: undefined }
  | { readonly token: string; readonly apiKey?: undefined };

/** What a client of the CRM is made with. */
export type CrmClientOptions = ClientOptions &
  CrmCredential & {
    /** The department that `integration` works for; what it makes is kept as that department's. */
    readonly departmentId?: string | undefined;
  };

/** The client of the CRM API and of the integration API. */
export interface CrmClient {
  /** The CRM API, `/api/v1/crm`. */
  readonly customer: {
    readonly accounts: Collection<
      Account,
      CreateAccountInput,
      UpdateAccountInput,
      ListAccountsParameters
    >;
    readonly contacts: Collection<
      Contact,
      CreateContactInput,
      UpdateContactInput,
      ListContactsParameters
    >;
    readonly deals: Collection<Deal, CreateDealInput, UpdateDealInput, ListDealsParameters>;
    /** A log: what is in it is not changed. */
    readonly activities: Log<Activity, CreateActivityInput, ListActivitiesParameters> &
      Exported<Activity, ListActivitiesParameters>;
    readonly quotes: Collection<Quote, CreateQuoteInput, UpdateQuoteInput, ListQuotesParameters>;
    readonly lineItems: Collection<
      LineItem,
      CreateLineItemInput,
      UpdateLineItemInput,
      ListLineItemsParameters
    >;
  };
  /** Files that are imported, `/api/v1/crm/imports`. */
  readonly imports: Imports;
  /** The integration API, `/api/v1/integration`. */
  readonly integration: {
    readonly customers: Log<
      IntegrationCustomer,
      CreateIntegrationCustomerInput,
      ListIntegrationCustomersParameters
    >;
  };
}

/** Makes a client of the CRM. */
export function createCrmClient(options: CrmClientOptions): CrmClient {
  const { token, apiKey, departmentId } = options;
  const caller: Record<string, string> =
    token === undefined
      ? { "x-api-key": credential("apiKey", apiKey) }
      : { authorization: `Bearer ${credential("token", token)}` };
  const crm = new Transport(options, "/api/v1/crm", caller);
  const integration = new Transport(options, "/api/v1/integration", {
    ...caller,
    ...(departmentId !== undefined && {
      "x-department-id": credential("departmentId", departmentId),
    }),
  });
  return {
    customer: {
      accounts: collectionAt(crm, "/accounts"),
      contacts: collectionAt(crm, "/contacts"),
      deals: collectionAt(crm, "/deals"),
      activities: { ...logAt(crm, "/activities"), ...exportedAt(crm, "/activities") },
      quotes: collectionAt(crm, "/quotes"),
      lineItems: collectionAt(crm, "/line-items"),
    },
    imports: importsOf(crm),
    integration: { customers: logAt(integration, "/customers") },
  };
}
