export interface Account { id: string; version: number; [key: string]: unknown }
export interface AccountCreate { [key: string]: unknown }
export interface AccountUpdate { [key: string]: unknown }
export interface ListAccountsParameters { limit?: number; [key: string]: unknown }

export interface Contact { id: string; version: number; [key: string]: unknown }
export interface ContactCreate { [key: string]: unknown }
export interface ContactUpdate { [key: string]: unknown }
export interface ListContactsParameters { limit?: number; [key: string]: unknown }

export interface Deal { id: string; version: number; [key: string]: unknown }
export interface DealCreate { [key: string]: unknown }
export interface DealUpdate { [key: string]: unknown }
export interface ListDealsParameters { limit?: number; [key: string]: unknown }

export interface Activity { id: string; version: number; [key: string]: unknown }
export interface ActivityCreate { [key: string]: unknown }
export interface ActivityUpdate { [key: string]: unknown }
export interface ListActivitiesParameters { limit?: number; [key: string]: unknown }

export interface Quote { id: string; version: number; [key: string]: unknown }
export interface QuoteCreate { [key: string]: unknown }
export interface QuoteUpdate { [key: string]: unknown }
export interface ListQuotesParameters { limit?: number; [key: string]: unknown }

export interface LineItem { id: string; version: number; [key: string]: unknown }
export interface LineItemCreate { [key: string]: unknown }
export interface LineItemUpdate { [key: string]: unknown }
export interface ListLineItemsParameters { limit?: number; [key: string]: unknown }

export interface IntegrationCustomer { id: string; version: number; [key: string]: unknown }
export interface IntegrationCustomerCreate { [key: string]: unknown }
export interface IntegrationCustomerUpdate { [key: string]: unknown }
export interface ListIntegrationCustomersParameters { limit?: number; [key: string]: unknown }

export interface Customer { id: string; version: number; [key: string]: unknown }
export interface CustomerCreate { [key: string]: unknown }
export interface CustomerUpdate { [key: string]: unknown }
export interface ListCustomersParameters { limit?: number; [key: string]: unknown }
