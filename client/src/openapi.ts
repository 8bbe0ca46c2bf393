export interface Account { id: string; version: number; name: string | null; stage: string; value: number | null; created_at: string; primary_contact_id: string | null; }
export interface AccountCreate { [key: string]: unknown }
export interface AccountUpdate { [key: string]: unknown }

export interface Contact { id: string; version: number; name: string | null; stage: string; value: number | null; created_at: string; primary_contact_id: string | null; }
export interface ContactCreate { [key: string]: unknown }
export interface ContactUpdate { [key: string]: unknown }

export interface Deal { id: string; version: number; name: string | null; stage: string; value: number | null; created_at: string; primary_contact_id: string | null; }
export interface DealCreate { [key: string]: unknown }
export interface DealUpdate { [key: string]: unknown }

export interface Activity { id: string; version: number; name: string | null; stage: string; value: number | null; created_at: string; primary_contact_id: string | null; }
export interface ActivityCreate { [key: string]: unknown }
export interface ActivityUpdate { [key: string]: unknown }

export interface Quote { id: string; version: number; name: string | null; stage: string; value: number | null; created_at: string; primary_contact_id: string | null; }
export interface QuoteCreate { [key: string]: unknown }
export interface QuoteUpdate { [key: string]: unknown }

export interface LineItem { id: string; version: number; name: string | null; stage: string; value: number | null; created_at: string; primary_contact_id: string | null; }
export interface LineItemCreate { [key: string]: unknown }
export interface LineItemUpdate { [key: string]: unknown }

export interface IntegrationCustomer { id: string; version: number; name: string | null; stage: string; value: number | null; created_at: string; primary_contact_id: string | null; }
export interface IntegrationCustomerCreate { [key: string]: unknown }
export interface IntegrationCustomerUpdate { [key: string]: unknown }

export interface Customer { account_type: "business" | "individual";  id: string; version: number; name: string | null; stage: string; value: number | null; created_at: string; primary_contact_id: string | null; }
export interface CustomerCreate { [key: string]: unknown }
export interface CustomerUpdate { [key: string]: unknown }
