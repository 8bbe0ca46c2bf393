import { credential } from "./checks.ts";
import type {
  Account,
  AccountCreate,
  AccountUpdate,
  Activity,
  ActivityCreate,
  Contact,
  ContactCreate,
  ContactUpdate,
  Deal,
  DealCreate,
  DealUpdate,
  IntegrationCustomer,
  IntegrationCustomerCreate,
  LineItem,
  LineItemCreate,
  LineItemUpdate,
  Quote,
  QuoteCreate,
  QuoteUpdate,
} from "./openapi.ts";
import type { ClientOptions } from "./options.ts";
import type { ListParameters } from "./parameters.ts";
import { collectionAt, logAt, type Collection, type Log } from "./resource.ts";
import { Transport } from "./transport.ts";

/** Who calls: with an API key, or with a token of the identity provider. */
export type CrmCredential =
  | { readonly apiKey: string; readonly token?: undefined }
  | { readonly token: string; readonly apiKey?: undefined };

/** What a client of the CRM is made with. */
export type CrmClientOptions = ClientOptions &
  CrmCredential & {
    /** The department that `integration` works for; that API needs it. */
    readonly departmentId?: string | undefined;
  };

/** The client of the CRM API and of the integration API. */
export interface CrmClient {
  /** The CRM API, `/api/v1/crm`. */
  readonly customer: {
    readonly accounts: Collection<Account, AccountCreate, AccountUpdate, ListParameters<Account>>;
    readonly contacts: Collection<Contact, ContactCreate, ContactUpdate, ListParameters<Contact>>;
    readonly deals: Collection<Deal, DealCreate, DealUpdate, ListParameters<Deal>>;
    /** A log: what is in it is not changed. */
    readonly activities: Log<Activity, ActivityCreate, ListParameters<Activity>>;
    readonly quotes: Collection<Quote, QuoteCreate, QuoteUpdate, ListParameters<Quote>>;
    readonly lineItems: Collection<
      LineItem,
      LineItemCreate,
      LineItemUpdate,
      ListParameters<LineItem>
    >;
  };
  /** The integration API, `/api/v1/integration`. */
  readonly integration: {
    readonly customers: Log<
      IntegrationCustomer,
      IntegrationCustomerCreate,
      ListParameters<IntegrationCustomer>
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
      activities: logAt(crm, "/activities"),
      quotes: collectionAt(crm, "/quotes"),
      lineItems: collectionAt(crm, "/line-items"),
    },
    integration: { customers: logAt(integration, "/customers") },
  };
}
