import { credential, idPart } from "./checks.ts";
import type { List } from "./list.ts";
import type {
  CreateCustomerInput,
  Customer,
  CustomerAnswer,
  ListCustomersParameters,
} from "./openapi.ts";
import type { ClientOptions, RequestOptions, WriteOptions } from "./options.ts";
import { listOf } from "./resource.ts";
import { Transport } from "./transport.ts";

/** What a client of the customers API is made with. */
export interface AsteriPublicApiClientOptions extends ClientOptions {
  /** The organization that the key belongs to. */
  readonly organizationId: string;
  readonly apiKey: string;
}

/** The customers of an organization. */
export interface AsteriCustomers {
  /** The customers that match: `await` gives the first page, `for await` goes through all. */
  list(parameters?: ListCustomersParameters, options?: RequestOptions): List<Customer>;
  /** Creates a customer: an account, with its primary contact when names are given. */
  create(body: CreateCustomerInput, options?: WriteOptions): Promise<CustomerAnswer>;
  /** One customer. */
  get(which: { readonly customerId: string }, options?: RequestOptions): Promise<CustomerAnswer>;
}

/** The client of the customers API, `/api/public/v1`. */
export class AsteriPublicApiClient {
  readonly customers: AsteriCustomers;

  constructor(options: AsteriPublicApiClientOptions) {
    const transport = new Transport(options, "/api/public/v1", {
      "x-api-key": credential("apiKey", options.apiKey),
      "x-organization-id": credential("organizationId", options.organizationId),
    });
    const path = "/customers";
    this.customers = {
      list: (parameters, request) => listOf(transport, path, parameters, request),
      create: (body, request) => transport.send({ method: "POST", path, body }, request),
      get: async ({ customerId }, request) =>
        transport.send({ method: "GET", path: `${path}/${idPart(customerId)}` }, request),
    };
  }
}
