/*
 * What the APIs take and give, made from their OpenAPI document: `npm run client:types` writes this file.
 */

/** A key to sort by; with `-`, the greatest or latest first. Records without a value come last either way. */
export type AccountOrder =
  | "id"
  | "-id"
  | "tenant_id"
  | "-tenant_id"
  | "app_id"
  | "-app_id"
  | "created_at"
  | "-created_at"
  | "updated_at"
  | "-updated_at"
  | "created_by"
  | "-created_by"
  | "updated_by"
  | "-updated_by"
  | "source"
  | "-source"
  | "source_type"
  | "-source_type"
  | "deleted_at"
  | "-deleted_at"
  | "deleted_by"
  | "-deleted_by"
  | "schema_version"
  | "-schema_version"
  | "owner_id"
  | "-owner_id"
  | "name"
  | "-name"
  | "legal_name"
  | "-legal_name"
  | "industry"
  | "-industry"
  | "sub_industry"
  | "-sub_industry"
  | "website"
  | "-website"
  | "domain"
  | "-domain"
  | "phone"
  | "-phone"
  | "annual_revenue"
  | "-annual_revenue"
  | "employee_count"
  | "-employee_count"
  | "lifecycle_stage"
  | "-lifecycle_stage"
  | "lead_source"
  | "-lead_source"
  | "health_score"
  | "-health_score"
  | "parent_account_id"
  | "-parent_account_id"
  | "description"
  | "-description"
  | "last_activity_at"
  | "-last_activity_at"
  | "first_contacted_at"
  | "-first_contacted_at"
  | "version"
  | "-version"
  | "external_id"
  | "-external_id"
  | "display_name"
  | "-display_name"
  | "account_type"
  | "-account_type"
  | "email"
  | "-email"
  | "merged_into_id"
  | "-merged_into_id";
/** A value to be equal to, or comparisons that must all hold. */
export type AccountIdFilter = AccountIdValue | AccountIdComparisons;
export type AccountIdValue = string;
/** A value to be equal to, or comparisons that must all hold. */
export type TenantIdFilter = TenantIdValue | TenantIdComparisons;
export type TenantIdValue = string;
/** A value to be equal to, or comparisons that must all hold. */
export type TextFilter = TextValue | TextComparisons;
export type TextValue = string;
/** A value to be equal to, or comparisons that must all hold. */
export type DateTimeFilter = DateTimeValue | DateTimeComparisons;
export type DateTimeValue = string | Date;
/** A value to be equal to, or comparisons that must all hold. */
export type SourceTypeFilter = SourceTypeValue | SourceTypeComparisons;
/** Where a write came from. */
export type SourceTypeValue = "frontend" | "backend" | "server" | "system" | "api";
/** A value to be equal to, or comparisons that must all hold. */
export type IntegerFilter = IntegerValue | IntegerComparisons;
export type IntegerValue = number;
/** A value to be equal to, or comparisons that must all hold. */
export type DecimalFilter = DecimalValue | DecimalComparisons;
export type DecimalValue = number | string;
/** A value to be equal to, or comparisons that must all hold. */
export type InsideFilter = InsideValue | InsideComparisons;
export type InsideValue = string | number | boolean;
/** A value that must be among them, or comparisons that must all hold. */
export type TextListFilter = TextValue | TextListComparisons;
/** A value to be equal to, or comparisons that must all hold. */
export type AccountTypeFilter = AccountTypeValue | AccountTypeComparisons;
/** What kind of customer an account is. */
export type AccountTypeValue = "business" | "individual";
/** Text of nothing but spaces: it says as little as null. */
export type Blank = "";
/** A key to sort by; with `-`, the greatest or latest first. Records without a value come last either way. */
export type ContactOrder =
  | "id"
  | "-id"
  | "tenant_id"
  | "-tenant_id"
  | "app_id"
  | "-app_id"
  | "created_at"
  | "-created_at"
  | "updated_at"
  | "-updated_at"
  | "created_by"
  | "-created_by"
  | "updated_by"
  | "-updated_by"
  | "source"
  | "-source"
  | "source_type"
  | "-source_type"
  | "deleted_at"
  | "-deleted_at"
  | "deleted_by"
  | "-deleted_by"
  | "schema_version"
  | "-schema_version"
  | "account_id"
  | "-account_id"
  | "first_name"
  | "-first_name"
  | "last_name"
  | "-last_name"
  | "display_name"
  | "-display_name"
  | "email"
  | "-email"
  | "phone"
  | "-phone"
  | "job_title"
  | "-job_title"
  | "seniority"
  | "-seniority"
  | "decision_role"
  | "-decision_role"
  | "is_primary"
  | "-is_primary"
  | "linkedin_url"
  | "-linkedin_url"
  | "reports_to_contact_id"
  | "-reports_to_contact_id"
  | "last_interaction_at"
  | "-last_interaction_at"
  | "opted_in"
  | "-opted_in"
  | "opted_in_at"
  | "-opted_in_at"
  | "version"
  | "-version"
  | "external_id"
  | "-external_id"
  | "title"
  | "-title"
  | "phone_1_label"
  | "-phone_1_label"
  | "phone_2"
  | "-phone_2"
  | "phone_2_label"
  | "-phone_2_label"
  | "phone_3"
  | "-phone_3"
  | "phone_3_label"
  | "-phone_3_label"
  | "company"
  | "-company"
  | "website"
  | "-website"
  | "address"
  | "-address"
  | "address_addition"
  | "-address_addition"
  | "postcode"
  | "-postcode"
  | "city"
  | "-city"
  | "state"
  | "-state"
  | "country"
  | "-country"
  | "lead_origin"
  | "-lead_origin"
  | "birthday"
  | "-birthday"
  | "note"
  | "-note"
  | "merged_into_id"
  | "-merged_into_id"
  | "phone_1"
  | "-phone_1";
/** A value to be equal to, or comparisons that must all hold. */
export type ContactIdFilter = ContactIdValue | ContactIdComparisons;
export type ContactIdValue = string;
/** A value to be equal to, or comparisons that must all hold. */
export type BooleanFilter = BooleanValue | BooleanComparisons;
export type BooleanValue = boolean;
/** A value to be equal to, or comparisons that must all hold. */
export type DateFilter = DateValue | DateComparisons;
export type DateValue = string | Date;
/** A key to sort by; with `-`, the greatest or latest first. Records without a value come last either way. */
export type DealOrder =
  | "id"
  | "-id"
  | "tenant_id"
  | "-tenant_id"
  | "app_id"
  | "-app_id"
  | "created_at"
  | "-created_at"
  | "updated_at"
  | "-updated_at"
  | "created_by"
  | "-created_by"
  | "updated_by"
  | "-updated_by"
  | "source"
  | "-source"
  | "source_type"
  | "-source_type"
  | "deleted_at"
  | "-deleted_at"
  | "deleted_by"
  | "-deleted_by"
  | "schema_version"
  | "-schema_version"
  | "account_id"
  | "-account_id"
  | "owner_id"
  | "-owner_id"
  | "name"
  | "-name"
  | "deal_number"
  | "-deal_number"
  | "pipeline_id"
  | "-pipeline_id"
  | "stage"
  | "-stage"
  | "value"
  | "-value"
  | "currency"
  | "-currency"
  | "probability"
  | "-probability"
  | "forecast_category"
  | "-forecast_category"
  | "expected_close_date"
  | "-expected_close_date"
  | "actual_close_date"
  | "-actual_close_date"
  | "next_followup_date"
  | "-next_followup_date"
  | "deal_type"
  | "-deal_type"
  | "deal_source"
  | "-deal_source"
  | "loss_reason"
  | "-loss_reason"
  | "loss_category"
  | "-loss_category"
  | "closure_notes"
  | "-closure_notes"
  | "primary_contact_id"
  | "-primary_contact_id"
  | "rfp_record_id"
  | "-rfp_record_id"
  | "version"
  | "-version"
  | "external_id"
  | "-external_id";
/** A value to be equal to, or comparisons that must all hold. */
export type DealIdFilter = DealIdValue | DealIdComparisons;
export type DealIdValue = string;
/** A value that must be among them, or comparisons that must all hold. */
export type ContactIdListFilter = ContactIdValue | ContactIdListComparisons;
/** A value that must be among them, or comparisons that must all hold. */
export type QuoteIdListFilter = QuoteIdValue | QuoteIdListComparisons;
export type QuoteIdValue = string;
/** A key to sort by; with `-`, the greatest or latest first. Records without a value come last either way. */
export type ActivityOrder =
  | "id"
  | "-id"
  | "tenant_id"
  | "-tenant_id"
  | "app_id"
  | "-app_id"
  | "created_at"
  | "-created_at"
  | "updated_at"
  | "-updated_at"
  | "created_by"
  | "-created_by"
  | "updated_by"
  | "-updated_by"
  | "source"
  | "-source"
  | "source_type"
  | "-source_type"
  | "deleted_at"
  | "-deleted_at"
  | "deleted_by"
  | "-deleted_by"
  | "schema_version"
  | "-schema_version"
  | "account_id"
  | "-account_id"
  | "deal_id"
  | "-deal_id"
  | "contact_id"
  | "-contact_id"
  | "subject"
  | "-subject"
  | "description"
  | "-description"
  | "activity_date"
  | "-activity_date"
  | "due_date"
  | "-due_date"
  | "completed_at"
  | "-completed_at"
  | "status"
  | "-status"
  | "priority"
  | "-priority"
  | "direction"
  | "-direction"
  | "outcome"
  | "-outcome"
  | "actor_type"
  | "-actor_type"
  | "performed_by_user_id"
  | "-performed_by_user_id"
  | "linked_trace_id"
  | "-linked_trace_id"
  | "reminder_sent"
  | "-reminder_sent"
  | "version"
  | "-version"
  | "type"
  | "-type"
  | "owner_id"
  | "-owner_id"
  | "notes"
  | "-notes"
  | "occurred_at"
  | "-occurred_at"
  | "external_id"
  | "-external_id";
/** A value to be equal to, or comparisons that must all hold. */
export type ActivityIdFilter = ActivityIdValue | ActivityIdComparisons;
export type ActivityIdValue = string;
/** A value to be equal to, or comparisons that must all hold. */
export type TextTwinFilter = TextValue | TextTwinComparisons;
/** A value to be equal to, or comparisons that must all hold. */
export type ActivityTypeFilter = ActivityTypeValue | ActivityTypeComparisons;
/** What kind of touchpoint an activity was. */
export type ActivityTypeValue = "call" | "email" | "meeting" | "note" | "task";
/** A key to sort by; with `-`, the greatest or latest first. Records without a value come last either way. */
export type QuoteOrder =
  | "id"
  | "-id"
  | "tenant_id"
  | "-tenant_id"
  | "app_id"
  | "-app_id"
  | "created_at"
  | "-created_at"
  | "updated_at"
  | "-updated_at"
  | "created_by"
  | "-created_by"
  | "updated_by"
  | "-updated_by"
  | "source"
  | "-source"
  | "source_type"
  | "-source_type"
  | "deleted_at"
  | "-deleted_at"
  | "deleted_by"
  | "-deleted_by"
  | "schema_version"
  | "-schema_version"
  | "owner_id"
  | "-owner_id"
  | "name"
  | "-name"
  | "quote_number"
  | "-quote_number"
  | "account_id"
  | "-account_id"
  | "deal_id"
  | "-deal_id"
  | "value"
  | "-value"
  | "currency"
  | "-currency"
  | "status"
  | "-status"
  | "date_issued"
  | "-date_issued"
  | "validity_date"
  | "-validity_date"
  | "contract_duration"
  | "-contract_duration"
  | "is_primary"
  | "-is_primary"
  | "notes"
  | "-notes"
  | "version"
  | "-version"
  | "total"
  | "-total"
  | "valid_until"
  | "-valid_until"
  | "external_id"
  | "-external_id";
/** A value to be equal to, or comparisons that must all hold. */
export type QuoteIdFilter = QuoteIdValue | QuoteIdComparisons;
/** A value to be equal to, or comparisons that must all hold. */
export type QuoteStatusFilter = QuoteStatusValue | QuoteStatusComparisons;
/** Where a quote stands. */
export type QuoteStatusValue = "draft" | "sent" | "accepted" | "rejected" | "expired";
/** A key to sort by; with `-`, the greatest or latest first. Records without a value come last either way. */
export type LineItemOrder =
  | "id"
  | "-id"
  | "tenant_id"
  | "-tenant_id"
  | "app_id"
  | "-app_id"
  | "created_at"
  | "-created_at"
  | "updated_at"
  | "-updated_at"
  | "created_by"
  | "-created_by"
  | "updated_by"
  | "-updated_by"
  | "source"
  | "-source"
  | "source_type"
  | "-source_type"
  | "deleted_at"
  | "-deleted_at"
  | "deleted_by"
  | "-deleted_by"
  | "schema_version"
  | "-schema_version"
  | "quote_id"
  | "-quote_id"
  | "description"
  | "-description"
  | "quantity"
  | "-quantity"
  | "unit_price"
  | "-unit_price"
  | "discount"
  | "-discount"
  | "total"
  | "-total"
  | "version"
  | "-version"
  | "currency"
  | "-currency"
  | "external_id"
  | "-external_id"
  | "discount_type"
  | "-discount_type"
  | "position"
  | "-position";
/** A value to be equal to, or comparisons that must all hold. */
export type LineItemIdFilter = LineItemIdValue | LineItemIdComparisons;
export type LineItemIdValue = string;
/** A value to be equal to, or comparisons that must all hold. */
export type DiscountTypeFilter = DiscountTypeValue | DiscountTypeComparisons;
/** How a line item's discount is meant. */
export type DiscountTypeValue = "amount" | "percent";
/** A key to sort by; with `-`, the greatest or latest first. Records without a value come last either way. */
export type IntegrationCustomerOrder =
  | "id"
  | "-id"
  | "company"
  | "-company"
  | "website"
  | "-website"
  | "title"
  | "-title"
  | "first_name"
  | "-first_name"
  | "last_name"
  | "-last_name"
  | "phone_1"
  | "-phone_1"
  | "phone_2"
  | "-phone_2"
  | "phone_3"
  | "-phone_3"
  | "phone_1_label"
  | "-phone_1_label"
  | "phone_2_label"
  | "-phone_2_label"
  | "phone_3_label"
  | "-phone_3_label"
  | "email"
  | "-email"
  | "postcode"
  | "-postcode"
  | "address"
  | "-address"
  | "address_addition"
  | "-address_addition"
  | "city"
  | "-city"
  | "country"
  | "-country"
  | "state"
  | "-state"
  | "lead_origin"
  | "-lead_origin"
  | "birthday"
  | "-birthday"
  | "tenant_id"
  | "-tenant_id"
  | "note"
  | "-note"
  | "created_at"
  | "-created_at"
  | "updated_at"
  | "-updated_at";

/** What `listAccounts` can be asked for. */
export interface ListAccountsParameters {
  /** The most records of a page. */
  limit?: number;
  /** Where the page begins: `next_cursor` of the page before, unchanged, with the same order and filters. */
  cursor?: string;
  /** Words that a record's names, numbers or notes hold, without regard to case and accents, or a phone number however it is written. The best matches come first unless `sort` is given: a name or number that is the search, then beginnings, words, parts, and what is only alike. */
  q?: string;
  /** Whether deleted records are found as well. */
  include_deleted?: boolean;
  /** Keys to sort by, each once: separated by commas, or each in a parameter `sort` of its own. */
  sort?: AccountOrder | readonly AccountOrder[];
  /** Identifier: the entity's prefix and a UUIDv7, so ids sort by creation. Given by the gateway. */
  id?: AccountIdFilter | null;
  /** The tenant that owns the record. Comes from the credential, never from input. */
  tenant_id?: TenantIdFilter | null;
  /** The application whose credential wrote the record (`app-…`); null when written by a person. */
  app_id?: TextFilter | null;
  /** When the record was created (UTC, milliseconds). */
  created_at?: DateTimeFilter | null;
  /** When the record was last written (UTC, milliseconds). */
  updated_at?: DateTimeFilter | null;
  /** The creator: the caller's `sub`, or the id of the API key. */
  created_by?: TextFilter | null;
  /** The last writer: the caller's `sub`, or the id of the API key. */
  updated_by?: TextFilter | null;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source?: TextFilter | null;
  /** The kind of the writer. */
  source_type?: SourceTypeFilter | null;
  /** `true`: only deleted records, `false`: only others. */
  is_deleted?: boolean;
  /** When the record was soft-deleted. Null while it is not deleted. Lists have deleted records only with `include_deleted`. */
  deleted_at?: DateTimeFilter | null;
  /** The caller who deleted it (a `sub` or an API key's id). Null unless it is deleted. */
  deleted_by?: TextFilter | null;
  /** Version of the record's shape; 1 today. */
  schema_version?: IntegerFilter | null;
  /** Who owns the account (`usr-…`). */
  owner_id?: TextFilter | null;
  /** Company or customer name. */
  name?: TextFilter | null;
  /** Full registered legal name. */
  legal_name?: TextFilter | null;
  /** Industry: a NAICS code or free text. */
  industry?: TextFilter | null;
  /** Secondary industry. */
  sub_industry?: TextFilter | null;
  /** Public website, http or https. */
  website?: TextFilter | null;
  /** Email domain in lower case and punycode, without scheme or `www.`: contacts with such an email are attached to the account. */
  domain?: TextFilter | null;
  /** Main phone number, as it was given. */
  phone?: TextFilter | null;
  /** Estimated yearly revenue in USD. */
  annual_revenue?: DecimalFilter | null;
  /** Approximate number of employees. */
  employee_count?: IntegerFilter | null;
  /** Where the customer relationship stands, e.g. `prospect`, `customer`. */
  lifecycle_stage?: TextFilter | null;
  /** How the account was first won, e.g. `inbound`, `event`, `referral`. */
  lead_source?: TextFilter | null;
  /** Health as customer success sees it. */
  health_score?: TextFilter | null;
  /** The account it is a subsidiary of. */
  parent_account_id?: AccountIdFilter | null;
  /** Notes about the account, at most 100,000 characters. */
  description?: TextFilter | null;
  /** Time of the latest live activity; derived. */
  last_activity_at?: DateTimeFilter | null;
  /** Time of the first contact; set by the first activity when empty. */
  first_contacted_at?: DateTimeFilter | null;
  /** The tenant's own fields as a JSON object: at most 64 KB and 20 levels deep. */
  custom_fields?: InsideFilters;
  /** One of them. Free-form labels: unique, each at most 64 characters, at most 100. */
  tags?: TextListFilter;
  /** Starts at 1 and grows by one with every write. Send it with an update: if it is not the current one any more, nothing is written, and the answer is a conflict. */
  version?: IntegerFilter | null;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id?: TextFilter | null;
  /** What to show: the name, else the legal name, domain, email or id. Never null, always derived. */
  display_name?: TextFilter | null;
  /** Whether the customer is an organization or a person. */
  account_type?: AccountTypeFilter | null;
  /** Main email. Unique among the tenant's live accounts, compared without case. */
  email?: TextFilter | null;
  /** The record that this one was merged into. The records of this one belong to it now. A merged record is deleted, and cannot be restored. */
  merged_into_id?: AccountIdFilter | null;
}
/** All of them must hold. */
export interface AccountIdComparisons {
  /** Equal to this. */
  eq?: AccountIdValue;
  /** Anything else. */
  ne?: AccountIdValue;
  /** Any of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  in?: readonly AccountIdValue[];
  /** None of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  not_in?: readonly AccountIdValue[];
  /** Whether it has no value. */
  is_null?: boolean;
}
/** All of them must hold. */
export interface TenantIdComparisons {
  /** Equal to this. */
  eq?: TenantIdValue;
  /** Anything else. */
  ne?: TenantIdValue;
  /** Any of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  in?: readonly TenantIdValue[];
  /** None of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  not_in?: readonly TenantIdValue[];
  /** Whether it has no value. */
  is_null?: boolean;
}
/** All of them must hold. */
export interface TextComparisons {
  /** Equal to this. */
  eq?: TextValue;
  /** Anything else. */
  ne?: TextValue;
  /** Any of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  in?: readonly TextValue[];
  /** None of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  not_in?: readonly TextValue[];
  /** Whether it has no value. */
  is_null?: boolean;
  /** Greater, or later. */
  gt?: TextValue;
  /** As great or greater. */
  gte?: TextValue;
  /** Less, or earlier. */
  lt?: TextValue;
  /** As great or less. */
  lte?: TextValue;
  /** Has this as a part, whatever case and accents; at most 200 characters. */
  contains?: TextValue;
  /** Begins with this, whatever case and accents; at most 200 characters. */
  starts_with?: TextValue;
  /** Ends with this, whatever case and accents; at most 200 characters. */
  ends_with?: TextValue;
}
/** All of them must hold. */
export interface DateTimeComparisons {
  /** Equal to this. */
  eq?: DateTimeValue;
  /** Anything else. */
  ne?: DateTimeValue;
  /** Any of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  in?: readonly DateTimeValue[];
  /** None of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  not_in?: readonly DateTimeValue[];
  /** Whether it has no value. */
  is_null?: boolean;
  /** Greater, or later. */
  gt?: DateTimeValue;
  /** As great or greater. */
  gte?: DateTimeValue;
  /** Less, or earlier. */
  lt?: DateTimeValue;
  /** As great or less. */
  lte?: DateTimeValue;
}
/** All of them must hold. */
export interface SourceTypeComparisons {
  /** Equal to this. */
  eq?: SourceTypeValue;
  /** Anything else. */
  ne?: SourceTypeValue;
  /** Any of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  in?: readonly SourceTypeValue[];
  /** None of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  not_in?: readonly SourceTypeValue[];
  /** Whether it has no value. */
  is_null?: boolean;
}
/** All of them must hold. */
export interface IntegerComparisons {
  /** Equal to this. */
  eq?: IntegerValue;
  /** Anything else. */
  ne?: IntegerValue;
  /** Any of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  in?: readonly IntegerValue[];
  /** None of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  not_in?: readonly IntegerValue[];
  /** Whether it has no value. */
  is_null?: boolean;
  /** Greater, or later. */
  gt?: IntegerValue;
  /** As great or greater. */
  gte?: IntegerValue;
  /** Less, or earlier. */
  lt?: IntegerValue;
  /** As great or less. */
  lte?: IntegerValue;
}
/** All of them must hold. */
export interface DecimalComparisons {
  /** Equal to this. */
  eq?: DecimalValue;
  /** Anything else. */
  ne?: DecimalValue;
  /** Any of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  in?: readonly DecimalValue[];
  /** None of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  not_in?: readonly DecimalValue[];
  /** Whether it has no value. */
  is_null?: boolean;
  /** Greater, or later. */
  gt?: DecimalValue;
  /** As great or greater. */
  gte?: DecimalValue;
  /** Less, or earlier. */
  lt?: DecimalValue;
  /** As great or less. */
  lte?: DecimalValue;
}
/** Filters by the path of a value inside, as in `custom_fields[region]=north` and `custom_fields[risk.score][gte]=5`; all must hold. Keys are joined by points; a point within a key is written `\.`, a backslash `\\`. A value is also the number, or the true or false, that it reads as; with `gt`, `gte`, `lt` and `lte` a number is compared with numbers, anything else with texts. */
export interface InsideFilters {
  [k: string]: InsideFilter;
}
/** All of them must hold. */
export interface InsideComparisons {
  /** Equal to this. */
  eq?: InsideValue;
  /** Anything else. */
  ne?: InsideValue;
  /** Any of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  in?: readonly InsideValue[];
  /** None of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  not_in?: readonly InsideValue[];
  /** Whether it has no value. */
  is_null?: boolean;
  /** Greater, or later. */
  gt?: InsideValue;
  /** As great or greater. */
  gte?: InsideValue;
  /** Less, or earlier. */
  lt?: InsideValue;
  /** As great or less. */
  lte?: InsideValue;
  /** Has this as a part, whatever case and accents; at most 200 characters. */
  contains?: InsideValue;
  /** Begins with this, whatever case and accents; at most 200 characters. */
  starts_with?: InsideValue;
  /** Ends with this, whatever case and accents; at most 200 characters. */
  ends_with?: InsideValue;
}
/** All of them must hold. */
export interface TextListComparisons {
  /** Has this. */
  eq?: TextValue;
  /** Does not have this. */
  ne?: TextValue;
  /** Has any of these. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  in?: readonly TextValue[];
  /** Has none of these. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  not_in?: readonly TextValue[];
  /** Has all of these. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  all?: readonly TextValue[];
  /** Whether it has none at all. */
  is_empty?: boolean;
}
/** All of them must hold. */
export interface AccountTypeComparisons {
  /** Equal to this. */
  eq?: AccountTypeValue;
  /** Anything else. */
  ne?: AccountTypeValue;
  /** Any of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  in?: readonly AccountTypeValue[];
  /** None of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  not_in?: readonly AccountTypeValue[];
  /** Whether it has no value. */
  is_null?: boolean;
}
/** A new Account. Fields that are left out, null or blank take their defaults. */
export interface CreateAccountInput {
  /** Accepted and ignored: kept by the gateway. */
  id?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  tenant_id?: unknown;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id?: string | null;
  /** Company or customer name. */
  name?: string | null;
  /** Full registered legal name. */
  legal_name?: string | null;
  /** Sets the name when `name` is left out. */
  display_name?: string | null;
  /** Whether the customer is an organization or a person. */
  account_type?: ("business" | "individual") | Blank | null;
  /** Main email. Unique among the tenant's live accounts, compared without case. */
  email?: string | null;
  /** Main phone number, as it was given. */
  phone?: string | null;
  /** Industry: a NAICS code or free text. */
  industry?: string | null;
  /** Secondary industry. */
  sub_industry?: string | null;
  /** Public website, http or https. */
  website?: string | null;
  /** Email domain in lower case and punycode, without scheme or `www.`: contacts with such an email are attached to the account. */
  domain?: string | null;
  /** Postal addresses: billing, shipping, office. Replaces all. */
  addresses?: AddressInput[] | Blank | null;
  /** Estimated yearly revenue in USD. */
  annual_revenue?: string | number | null;
  /** Approximate number of employees. */
  employee_count?: number | Blank | null;
  /** Where the customer relationship stands, e.g. `prospect`, `customer`. */
  lifecycle_stage?: string | null;
  /** How the account was first won, e.g. `inbound`, `event`, `referral`. */
  lead_source?: string | null;
  /** Health as customer success sees it. */
  health_score?: string | null;
  /** Who owns the account (`usr-…`). */
  owner_id?: string | null;
  /** The account it is a subsidiary of. */
  parent_account_id?: string | null;
  /** Notes about the account, at most 100,000 characters. */
  description?: string | null;
  /** Accepted and ignored: kept by the gateway. */
  last_activity_at?: unknown;
  /** Time of the first contact; set by the first activity when empty. */
  first_contacted_at?: string | Date | null;
  /** Accepted and ignored: kept by the gateway. */
  merged_into_id?: unknown;
  /** Free-form labels: unique, each at most 64 characters, at most 100. */
  tags?: string[] | Blank | null;
  /** The tenant's own fields as a JSON object: at most 64 KB and 20 levels deep. */
  custom_fields?:
    | {
        [k: string]: unknown;
      }
    | Blank
    | null;
  /** Accepted and ignored: kept by the gateway. */
  app_id?: unknown;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source?: string | null;
  /** The kind of the writer. */
  source_type?: ("frontend" | "backend" | "server" | "system" | "api") | Blank | null;
  /** Accepted and ignored: kept by the gateway. */
  schema_version?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  version?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  created_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  created_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_by?: unknown;
  /** Accepted and ignored: derived from `deleted_at`. */
  is_deleted?: unknown;
}
/** A postal address. */
export interface AddressInput {
  /** What it is for: e.g. `billing`, `shipping`, `office`. */
  kind?: string | null;
  /** Street and number. */
  line1?: string | null;
  /** Further line. */
  line2?: string | null;
  /** City. */
  city?: string | null;
  /** State or region. */
  state?: string | null;
  /** Postal code. */
  postcode?: string | null;
  /** Country. */
  country?: string | null;
}
/** A customer: an organization or a person that deals are made with. */
export interface Account {
  /** Identifier: the entity's prefix and a UUIDv7, so ids sort by creation. Given by the gateway. */
  id: string;
  /** The tenant that owns the record. Comes from the credential, never from input. */
  tenant_id: string;
  /** The application whose credential wrote the record (`app-…`); null when written by a person. */
  app_id: string | null;
  /** When the record was created (UTC, milliseconds). */
  created_at: string;
  /** When the record was last written (UTC, milliseconds). */
  updated_at: string;
  /** The creator: the caller's `sub`, or the id of the API key. */
  created_by: string | null;
  /** The last writer: the caller's `sub`, or the id of the API key. */
  updated_by: string | null;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source: string;
  /** The kind of the writer. */
  source_type: "frontend" | "backend" | "server" | "system" | "api";
  /** Whether it is deleted. */
  is_deleted: boolean;
  /** When the record was soft-deleted. Null while it is not deleted. Lists have deleted records only with `include_deleted`. */
  deleted_at: string | null;
  /** The caller who deleted it (a `sub` or an API key's id). Null unless it is deleted. */
  deleted_by: string | null;
  /** Version of the record's shape; 1 today. */
  schema_version: number;
  /** Who owns the account (`usr-…`). */
  owner_id: string | null;
  /** Company or customer name. */
  name: string | null;
  /** Full registered legal name. */
  legal_name: string | null;
  /** Industry: a NAICS code or free text. */
  industry: string | null;
  /** Secondary industry. */
  sub_industry: string | null;
  /** Public website, http or https. */
  website: string | null;
  /** Email domain in lower case and punycode, without scheme or `www.`: contacts with such an email are attached to the account. */
  domain: string | null;
  /** Main phone number, as it was given. */
  phone: string | null;
  /** Postal addresses: billing, shipping, office. */
  addresses: AddressInput[];
  /** Estimated yearly revenue in USD. */
  annual_revenue: number | null;
  /** Approximate number of employees. */
  employee_count: number | null;
  /** Where the customer relationship stands, e.g. `prospect`, `customer`. */
  lifecycle_stage: string | null;
  /** How the account was first won, e.g. `inbound`, `event`, `referral`. */
  lead_source: string | null;
  /** Health as customer success sees it. */
  health_score: string | null;
  /** The account it is a subsidiary of. */
  parent_account_id: string | null;
  /** Notes about the account, at most 100,000 characters. */
  description: string | null;
  /** Time of the latest live activity; derived. */
  last_activity_at: string | null;
  /** Time of the first contact; set by the first activity when empty. */
  first_contacted_at: string | null;
  /** The tenant's own fields as a JSON object: at most 64 KB and 20 levels deep. */
  custom_fields: {
    [k: string]: unknown;
  };
  /** Free-form labels: unique, each at most 64 characters, at most 100. */
  tags: string[];
  /** Starts at 1 and grows by one with every write. Send it with an update: if it is not the current one any more, nothing is written, and the answer is a conflict. */
  version: number;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id: string | null;
  /** What to show: the name, else the legal name, domain, email or id. Never null, always derived. */
  display_name: string;
  /** Whether the customer is an organization or a person. */
  account_type: "business" | "individual";
  /** Main email. Unique among the tenant's live accounts, compared without case. */
  email: string | null;
  /** The record that this one was merged into. The records of this one belong to it now. A merged record is deleted, and cannot be restored. */
  merged_into_id: string | null;
}
/** Changes to a Account: only what is sent changes; null or blank clears, and is refused where a field is never null. */
export interface UpdateAccountInput {
  /** Accepted and ignored. */
  id?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  tenant_id?: unknown;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id?: string | null;
  /** Company or customer name. */
  name?: string | null;
  /** Full registered legal name. */
  legal_name?: string | null;
  /** Sets the name when `name` is left out. */
  display_name?: string;
  /** Whether the customer is an organization or a person. */
  account_type?: "business" | "individual";
  /** Main email. Unique among the tenant's live accounts, compared without case. */
  email?: string | null;
  /** Main phone number, as it was given. */
  phone?: string | null;
  /** Industry: a NAICS code or free text. */
  industry?: string | null;
  /** Secondary industry. */
  sub_industry?: string | null;
  /** Public website, http or https. */
  website?: string | null;
  /** Email domain in lower case and punycode, without scheme or `www.`: contacts with such an email are attached to the account. */
  domain?: string | null;
  /** Postal addresses: billing, shipping, office. Replaces all. */
  addresses?: AddressInput[];
  /** Estimated yearly revenue in USD. */
  annual_revenue?: string | number | null;
  /** Approximate number of employees. */
  employee_count?: number | Blank | null;
  /** Where the customer relationship stands, e.g. `prospect`, `customer`. */
  lifecycle_stage?: string | null;
  /** How the account was first won, e.g. `inbound`, `event`, `referral`. */
  lead_source?: string | null;
  /** Health as customer success sees it. */
  health_score?: string | null;
  /** Who owns the account (`usr-…`). */
  owner_id?: string | null;
  /** The account it is a subsidiary of. */
  parent_account_id?: string | null;
  /** Notes about the account, at most 100,000 characters. */
  description?: string | null;
  /** Accepted and ignored: kept by the gateway. */
  last_activity_at?: unknown;
  /** Time of the first contact; set by the first activity when empty. */
  first_contacted_at?: string | Date | null;
  /** Accepted and ignored: kept by the gateway. */
  merged_into_id?: unknown;
  /** Free-form labels: unique, each at most 64 characters, at most 100. */
  tags?: string[];
  /** The tenant's own fields as a JSON object: at most 64 KB and 20 levels deep. Replaces what is stored; `custom_fields_patch` changes single keys. */
  custom_fields?: {
    [k: string]: unknown;
  };
  /** Accepted and ignored: kept by the gateway. */
  app_id?: unknown;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source?: string;
  /** The kind of the writer. */
  source_type?: "frontend" | "backend" | "server" | "system" | "api";
  /** Accepted and ignored: kept by the gateway. */
  schema_version?: unknown;
  /** The version that was read. If it is not the current one, nothing is written, and the answer is a conflict with the current record. */
  version?: number | Blank | null;
  /** Accepted and ignored: kept by the gateway. */
  created_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  created_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_by?: unknown;
  /** Accepted and ignored: derived from `deleted_at`. */
  is_deleted?: unknown;
  /** Changes single keys of `custom_fields`: a key that is sent gets its value, null removes it, and all others stay. A value is replaced as a whole, also an object. Not together with `custom_fields`. */
  custom_fields_patch?:
    | {
        [k: string]: unknown;
      }
    | Blank
    | null;
}
/** What `listContacts` can be asked for. */
export interface ListContactsParameters {
  /** The most records of a page. */
  limit?: number;
  /** Where the page begins: `next_cursor` of the page before, unchanged, with the same order and filters. */
  cursor?: string;
  /** Words that a record's names, numbers or notes hold, without regard to case and accents, or a phone number however it is written. The best matches come first unless `sort` is given: a name or number that is the search, then beginnings, words, parts, and what is only alike. */
  q?: string;
  /** Whether deleted records are found as well. */
  include_deleted?: boolean;
  /** Keys to sort by, each once: separated by commas, or each in a parameter `sort` of its own. */
  sort?: ContactOrder | readonly ContactOrder[];
  /** Identifier: the entity's prefix and a UUIDv7, so ids sort by creation. Given by the gateway. */
  id?: ContactIdFilter | null;
  /** The tenant that owns the record. Comes from the credential, never from input. */
  tenant_id?: TenantIdFilter | null;
  /** The application whose credential wrote the record (`app-…`); null when written by a person. */
  app_id?: TextFilter | null;
  /** When the record was created (UTC, milliseconds). */
  created_at?: DateTimeFilter | null;
  /** When the record was last written (UTC, milliseconds). */
  updated_at?: DateTimeFilter | null;
  /** The creator: the caller's `sub`, or the id of the API key. */
  created_by?: TextFilter | null;
  /** The last writer: the caller's `sub`, or the id of the API key. */
  updated_by?: TextFilter | null;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source?: TextFilter | null;
  /** The kind of the writer. */
  source_type?: SourceTypeFilter | null;
  /** `true`: only deleted records, `false`: only others. */
  is_deleted?: boolean;
  /** When the record was soft-deleted. Null while it is not deleted. Lists have deleted records only with `include_deleted`. */
  deleted_at?: DateTimeFilter | null;
  /** The caller who deleted it (a `sub` or an API key's id). Null unless it is deleted. */
  deleted_by?: TextFilter | null;
  /** Version of the record's shape; 1 today. */
  schema_version?: IntegerFilter | null;
  /** The account the person belongs to; null for none. */
  account_id?: AccountIdFilter | null;
  /** Given name. */
  first_name?: TextFilter | null;
  /** Family name. */
  last_name?: TextFilter | null;
  /** What to show: what was set by hand, else `first last`, email, phone or id. Never null. */
  display_name?: TextFilter | null;
  /** Work email. Unique among the live contacts of an account (none counts as one), compared without case. */
  email?: TextFilter | null;
  /** First phone number. */
  phone?: TextFilter | null;
  /** Job title. */
  job_title?: TextFilter | null;
  /** Seniority at the company. */
  seniority?: TextFilter | null;
  /** Part the person plays in decisions on deals. */
  decision_role?: TextFilter | null;
  /** Whether this is the account's primary contact; at most one live contact is. */
  is_primary?: BooleanFilter | null;
  /** LinkedIn profile. */
  linkedin_url?: TextFilter | null;
  /** The person's manager, at the same account. */
  reports_to_contact_id?: ContactIdFilter | null;
  /** Time of the latest live activity with the person; derived. */
  last_interaction_at?: DateTimeFilter | null;
  /** Whether the person agreed to marketing messages (GDPR, CASL). */
  opted_in?: BooleanFilter | null;
  /** When the person agreed; set when `opted_in` turns true. */
  opted_in_at?: DateTimeFilter | null;
  /** The tenant's own fields as a JSON object: at most 64 KB and 20 levels deep. */
  custom_fields?: InsideFilters;
  /** One of them. Free-form labels: unique, each at most 64 characters, at most 100. */
  tags?: TextListFilter;
  /** Starts at 1 and grows by one with every write. Send it with an update: if it is not the current one any more, nothing is written, and the answer is a conflict. */
  version?: IntegerFilter | null;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id?: TextFilter | null;
  /** Salutation, e.g. `Dr.`. */
  title?: TextFilter | null;
  /** Label of the first number, e.g. `Work`. */
  phone_1_label?: TextFilter | null;
  /** Second phone number. */
  phone_2?: TextFilter | null;
  /** Label of the second number. */
  phone_2_label?: TextFilter | null;
  /** Third phone number. */
  phone_3?: TextFilter | null;
  /** Label of the third number. */
  phone_3_label?: TextFilter | null;
  /** Company as free text, where there is no account. */
  company?: TextFilter | null;
  /** Website of the person or company, http or https. */
  website?: TextFilter | null;
  /** Street and number. */
  address?: TextFilter | null;
  /** Further address line. */
  address_addition?: TextFilter | null;
  /** Postal code. */
  postcode?: TextFilter | null;
  /** City. */
  city?: TextFilter | null;
  /** State or region. */
  state?: TextFilter | null;
  /** Country. */
  country?: TextFilter | null;
  /** Where the lead came from. */
  lead_origin?: TextFilter | null;
  /** Birthday. */
  birthday?: DateFilter | null;
  /** Notes, at most 100,000 characters. */
  note?: TextFilter | null;
  /** The record that this one was merged into. The records of this one belong to it now. A merged record is deleted, and cannot be restored. */
  merged_into_id?: ContactIdFilter | null;
  /** First phone number. */
  phone_1?: TextFilter | null;
}
/** All of them must hold. */
export interface ContactIdComparisons {
  /** Equal to this. */
  eq?: ContactIdValue;
  /** Anything else. */
  ne?: ContactIdValue;
  /** Any of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  in?: readonly ContactIdValue[];
  /** None of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  not_in?: readonly ContactIdValue[];
  /** Whether it has no value. */
  is_null?: boolean;
}
/** All of them must hold. */
export interface BooleanComparisons {
  /** Equal to this. */
  eq?: BooleanValue;
  /** Anything else. */
  ne?: BooleanValue;
  /** Whether it has no value. */
  is_null?: boolean;
}
/** All of them must hold. */
export interface DateComparisons {
  /** Equal to this. */
  eq?: DateValue;
  /** Anything else. */
  ne?: DateValue;
  /** Any of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  in?: readonly DateValue[];
  /** None of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  not_in?: readonly DateValue[];
  /** Whether it has no value. */
  is_null?: boolean;
  /** Greater, or later. */
  gt?: DateValue;
  /** As great or greater. */
  gte?: DateValue;
  /** Less, or earlier. */
  lt?: DateValue;
  /** As great or less. */
  lte?: DateValue;
}
/** A new Contact. Fields that are left out, null or blank take their defaults. */
export interface CreateContactInput {
  /** Accepted and ignored: kept by the gateway. */
  id?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  tenant_id?: unknown;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id?: string | null;
  /** The account the person belongs to; null for none. */
  account_id?: string | null;
  /** Given name. */
  first_name?: string | null;
  /** Family name. */
  last_name?: string | null;
  /** What to show. Left blank it is computed: `first last`, else email, phone, id. */
  display_name?: string | null;
  /** Salutation, e.g. `Dr.`. */
  title?: string | null;
  /** Work email. Unique among the live contacts of an account (none counts as one), compared without case. */
  email?: string | null;
  /** First phone number with its country code, e.g. `+1 404 555 0128`; kept in E.164. Or send `phone_1`. */
  phone?: string | null;
  /** Label of the first number, e.g. `Work`. */
  phone_1_label?: string | null;
  /** Second phone number. */
  phone_2?: string | null;
  /** Label of the second number. */
  phone_2_label?: string | null;
  /** Third phone number. */
  phone_3?: string | null;
  /** Label of the third number. */
  phone_3_label?: string | null;
  /** Company as free text, where there is no account. */
  company?: string | null;
  /** Website of the person or company, http or https. */
  website?: string | null;
  /** Job title. */
  job_title?: string | null;
  /** Seniority at the company. */
  seniority?: string | null;
  /** Part the person plays in decisions on deals. */
  decision_role?: string | null;
  /** Whether this is the account's primary contact; at most one live contact is. */
  is_primary?: boolean | Blank | null;
  /** LinkedIn profile. */
  linkedin_url?: string | null;
  /** The person's manager, at the same account. */
  reports_to_contact_id?: string | null;
  /** Street and number. */
  address?: string | null;
  /** Further address line. */
  address_addition?: string | null;
  /** Postal code. */
  postcode?: string | null;
  /** City. */
  city?: string | null;
  /** State or region. */
  state?: string | null;
  /** Country. */
  country?: string | null;
  /** Where the lead came from. */
  lead_origin?: string | null;
  /** Birthday. */
  birthday?: string | Date | null;
  /** Notes, at most 100,000 characters. */
  note?: string | null;
  /** Whether the person agreed to marketing messages (GDPR, CASL). */
  opted_in?: boolean | Blank | null;
  /** When the person agreed; set when `opted_in` turns true. */
  opted_in_at?: string | Date | null;
  /** Record of the consent. */
  gdpr_consent?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  last_interaction_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  merged_into_id?: unknown;
  /** Free-form labels: unique, each at most 64 characters, at most 100. */
  tags?: string[] | Blank | null;
  /** The tenant's own fields as a JSON object: at most 64 KB and 20 levels deep. */
  custom_fields?:
    | {
        [k: string]: unknown;
      }
    | Blank
    | null;
  /** Accepted and ignored: kept by the gateway. */
  app_id?: unknown;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source?: string | null;
  /** The kind of the writer. */
  source_type?: ("frontend" | "backend" | "server" | "system" | "api") | Blank | null;
  /** Accepted and ignored: kept by the gateway. */
  schema_version?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  version?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  created_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  created_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_by?: unknown;
  /** Accepted and ignored: derived from `deleted_at`. */
  is_deleted?: unknown;
  /** First phone number, kept as it is sent. */
  phone_1?: string | null;
}
/** A person, usually at an account. */
export interface Contact {
  /** Identifier: the entity's prefix and a UUIDv7, so ids sort by creation. Given by the gateway. */
  id: string;
  /** The tenant that owns the record. Comes from the credential, never from input. */
  tenant_id: string;
  /** The application whose credential wrote the record (`app-…`); null when written by a person. */
  app_id: string | null;
  /** When the record was created (UTC, milliseconds). */
  created_at: string;
  /** When the record was last written (UTC, milliseconds). */
  updated_at: string;
  /** The creator: the caller's `sub`, or the id of the API key. */
  created_by: string | null;
  /** The last writer: the caller's `sub`, or the id of the API key. */
  updated_by: string | null;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source: string;
  /** The kind of the writer. */
  source_type: "frontend" | "backend" | "server" | "system" | "api";
  /** Whether it is deleted. */
  is_deleted: boolean;
  /** When the record was soft-deleted. Null while it is not deleted. Lists have deleted records only with `include_deleted`. */
  deleted_at: string | null;
  /** The caller who deleted it (a `sub` or an API key's id). Null unless it is deleted. */
  deleted_by: string | null;
  /** Version of the record's shape; 1 today. */
  schema_version: number;
  /** The account the person belongs to; null for none. */
  account_id: string | null;
  /** Given name. */
  first_name: string | null;
  /** Family name. */
  last_name: string | null;
  /** What to show: what was set by hand, else `first last`, email, phone or id. Never null. */
  display_name: string;
  /** Work email. Unique among the live contacts of an account (none counts as one), compared without case. */
  email: string | null;
  /** First phone number. */
  phone: string | null;
  /** Job title. */
  job_title: string | null;
  /** Seniority at the company. */
  seniority: string | null;
  /** Part the person plays in decisions on deals. */
  decision_role: string | null;
  /** Whether this is the account's primary contact; at most one live contact is. */
  is_primary: boolean;
  /** LinkedIn profile. */
  linkedin_url: string | null;
  /** The person's manager, at the same account. */
  reports_to_contact_id: string | null;
  /** Time of the latest live activity with the person; derived. */
  last_interaction_at: string | null;
  /** Whether the person agreed to marketing messages (GDPR, CASL). */
  opted_in: boolean;
  /** When the person agreed; set when `opted_in` turns true. */
  opted_in_at: string | null;
  /** Record of the consent. */
  gdpr_consent: unknown;
  /** The tenant's own fields as a JSON object: at most 64 KB and 20 levels deep. */
  custom_fields: {
    [k: string]: unknown;
  };
  /** Free-form labels: unique, each at most 64 characters, at most 100. */
  tags: string[];
  /** Starts at 1 and grows by one with every write. Send it with an update: if it is not the current one any more, nothing is written, and the answer is a conflict. */
  version: number;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id: string | null;
  /** Salutation, e.g. `Dr.`. */
  title: string | null;
  /** Label of the first number, e.g. `Work`. */
  phone_1_label: string | null;
  /** Second phone number. */
  phone_2: string | null;
  /** Label of the second number. */
  phone_2_label: string | null;
  /** Third phone number. */
  phone_3: string | null;
  /** Label of the third number. */
  phone_3_label: string | null;
  /** Company as free text, where there is no account. */
  company: string | null;
  /** Website of the person or company, http or https. */
  website: string | null;
  /** Street and number. */
  address: string | null;
  /** Further address line. */
  address_addition: string | null;
  /** Postal code. */
  postcode: string | null;
  /** City. */
  city: string | null;
  /** State or region. */
  state: string | null;
  /** Country. */
  country: string | null;
  /** Where the lead came from. */
  lead_origin: string | null;
  /** Birthday. */
  birthday: string | null;
  /** Notes, at most 100,000 characters. */
  note: string | null;
  /** The record that this one was merged into. The records of this one belong to it now. A merged record is deleted, and cannot be restored. */
  merged_into_id: string | null;
  /** First phone number. */
  phone_1: string | null;
}
/** Changes to a Contact: only what is sent changes; null or blank clears, and is refused where a field is never null. */
export interface UpdateContactInput {
  /** Accepted and ignored. */
  id?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  tenant_id?: unknown;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id?: string | null;
  /** The account the person belongs to; null for none. */
  account_id?: string | null;
  /** Given name. */
  first_name?: string | null;
  /** Family name. */
  last_name?: string | null;
  /** What to show. Left blank it is computed: `first last`, else email, phone, id. */
  display_name?: string | null;
  /** Salutation, e.g. `Dr.`. */
  title?: string | null;
  /** Work email. Unique among the live contacts of an account (none counts as one), compared without case. */
  email?: string | null;
  /** First phone number with its country code, e.g. `+1 404 555 0128`; kept in E.164. Or send `phone_1`. */
  phone?: string | null;
  /** Label of the first number, e.g. `Work`. */
  phone_1_label?: string | null;
  /** Second phone number. */
  phone_2?: string | null;
  /** Label of the second number. */
  phone_2_label?: string | null;
  /** Third phone number. */
  phone_3?: string | null;
  /** Label of the third number. */
  phone_3_label?: string | null;
  /** Company as free text, where there is no account. */
  company?: string | null;
  /** Website of the person or company, http or https. */
  website?: string | null;
  /** Job title. */
  job_title?: string | null;
  /** Seniority at the company. */
  seniority?: string | null;
  /** Part the person plays in decisions on deals. */
  decision_role?: string | null;
  /** Whether this is the account's primary contact; at most one live contact is. */
  is_primary?: boolean;
  /** LinkedIn profile. */
  linkedin_url?: string | null;
  /** The person's manager, at the same account. */
  reports_to_contact_id?: string | null;
  /** Street and number. */
  address?: string | null;
  /** Further address line. */
  address_addition?: string | null;
  /** Postal code. */
  postcode?: string | null;
  /** City. */
  city?: string | null;
  /** State or region. */
  state?: string | null;
  /** Country. */
  country?: string | null;
  /** Where the lead came from. */
  lead_origin?: string | null;
  /** Birthday. */
  birthday?: string | Date | null;
  /** Notes, at most 100,000 characters. */
  note?: string | null;
  /** Whether the person agreed to marketing messages (GDPR, CASL). */
  opted_in?: boolean;
  /** When the person agreed; set when `opted_in` turns true. */
  opted_in_at?: string | Date | null;
  /** Record of the consent. */
  gdpr_consent?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  last_interaction_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  merged_into_id?: unknown;
  /** Free-form labels: unique, each at most 64 characters, at most 100. */
  tags?: string[];
  /** The tenant's own fields as a JSON object: at most 64 KB and 20 levels deep. Replaces what is stored; `custom_fields_patch` changes single keys. */
  custom_fields?: {
    [k: string]: unknown;
  };
  /** Accepted and ignored: kept by the gateway. */
  app_id?: unknown;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source?: string;
  /** The kind of the writer. */
  source_type?: "frontend" | "backend" | "server" | "system" | "api";
  /** Accepted and ignored: kept by the gateway. */
  schema_version?: unknown;
  /** The version that was read. If it is not the current one, nothing is written, and the answer is a conflict with the current record. */
  version?: number | Blank | null;
  /** Accepted and ignored: kept by the gateway. */
  created_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  created_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_by?: unknown;
  /** Accepted and ignored: derived from `deleted_at`. */
  is_deleted?: unknown;
  /** First phone number, kept as it is sent. */
  phone_1?: string | null;
  /** Changes single keys of `custom_fields`: a key that is sent gets its value, null removes it, and all others stay. A value is replaced as a whole, also an object. Not together with `custom_fields`. */
  custom_fields_patch?:
    | {
        [k: string]: unknown;
      }
    | Blank
    | null;
}
/** What `listDeals` can be asked for. */
export interface ListDealsParameters {
  /** The most records of a page. */
  limit?: number;
  /** Where the page begins: `next_cursor` of the page before, unchanged, with the same order and filters. */
  cursor?: string;
  /** Words that a record's names, numbers or notes hold, without regard to case and accents, or a phone number however it is written. The best matches come first unless `sort` is given: a name or number that is the search, then beginnings, words, parts, and what is only alike. */
  q?: string;
  /** Whether deleted records are found as well. */
  include_deleted?: boolean;
  /** Keys to sort by, each once: separated by commas, or each in a parameter `sort` of its own. */
  sort?: DealOrder | readonly DealOrder[];
  /** Identifier: the entity's prefix and a UUIDv7, so ids sort by creation. Given by the gateway. */
  id?: DealIdFilter | null;
  /** The tenant that owns the record. Comes from the credential, never from input. */
  tenant_id?: TenantIdFilter | null;
  /** The application whose credential wrote the record (`app-…`); null when written by a person. */
  app_id?: TextFilter | null;
  /** When the record was created (UTC, milliseconds). */
  created_at?: DateTimeFilter | null;
  /** When the record was last written (UTC, milliseconds). */
  updated_at?: DateTimeFilter | null;
  /** The creator: the caller's `sub`, or the id of the API key. */
  created_by?: TextFilter | null;
  /** The last writer: the caller's `sub`, or the id of the API key. */
  updated_by?: TextFilter | null;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source?: TextFilter | null;
  /** The kind of the writer. */
  source_type?: SourceTypeFilter | null;
  /** `true`: only deleted records, `false`: only others. */
  is_deleted?: boolean;
  /** When the record was soft-deleted. Null while it is not deleted. Lists have deleted records only with `include_deleted`. */
  deleted_at?: DateTimeFilter | null;
  /** The caller who deleted it (a `sub` or an API key's id). Null unless it is deleted. */
  deleted_by?: TextFilter | null;
  /** Version of the record's shape; 1 today. */
  schema_version?: IntegerFilter | null;
  /** The account the deal is with. */
  account_id?: AccountIdFilter | null;
  /** Who owns the deal (`usr-…`). */
  owner_id?: TextFilter | null;
  /** Name of the deal. */
  name?: TextFilter | null;
  /** Number for people, unique among the tenant's live deals, e.g. `DEAL-2026-00417`. */
  deal_number?: TextFilter | null;
  /** The pipeline it is in, for tenants with several. */
  pipeline_id?: TextFilter | null;
  /** Stage: usually `lead`, `qualified`, `proposal`, `negotiation`, `closed_won` or `closed_lost`. */
  stage?: TextFilter | null;
  /** What the deal is worth, in its currency. */
  value?: DecimalFilter | null;
  /** ISO 4217 code of the value; the tenant's unless given. */
  currency?: TextFilter | null;
  /** Chance to win it, in percent (0–100). */
  probability?: DecimalFilter | null;
  /** Category for revenue planning. */
  forecast_category?: TextFilter | null;
  /** The day it is expected to close. */
  expected_close_date?: DateFilter | null;
  /** The day it closed, in the tenant's time zone; set by a closing stage, cleared by reopening. */
  actual_close_date?: DateFilter | null;
  /** The day of the next follow-up. */
  next_followup_date?: DateFilter | null;
  /** What kind of business it is, e.g. `new`, `renewal`. */
  deal_type?: TextFilter | null;
  /** How it was found, e.g. `inbound`, `rfp`, `referral`. */
  deal_source?: TextFilter | null;
  /** One of them. Names of competing vendors. */
  competitors?: TextListFilter;
  /** Why it was lost; needed for stages that are lost, such as `closed_lost`. */
  loss_reason?: TextFilter | null;
  /** Category of the loss; needed for stages that are lost, such as `closed_lost`. */
  loss_category?: TextFilter | null;
  /** Notes made at closing, at most 100,000 characters. */
  closure_notes?: TextFilter | null;
  /** The main person on the customer's side; one of the deal's contacts. */
  primary_contact_id?: ContactIdFilter | null;
  /** An id that is among them. */
  contact_ids?: ContactIdListFilter;
  /** The request for proposal it came from (`rfp-…`); not a record of this API. */
  rfp_record_id?: TextFilter | null;
  /** An id that is among them. */
  quote_ids?: QuoteIdListFilter;
  /** One of them. Ids of proposals; not records of this API. */
  proposal_ids?: TextListFilter;
  /** One of them. Object keys of attached files. */
  attachment_refs?: TextListFilter;
  /** One of them. Ids of follow-up tasks (`tsk-…`); not records of this API. */
  linked_task_ids?: TextListFilter;
  /** The tenant's own fields as a JSON object: at most 64 KB and 20 levels deep. */
  custom_fields?: InsideFilters;
  /** One of them. Free-form labels: unique, each at most 64 characters, at most 100. */
  tags?: TextListFilter;
  /** Starts at 1 and grows by one with every write. Send it with an update: if it is not the current one any more, nothing is written, and the answer is a conflict. */
  version?: IntegerFilter | null;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id?: TextFilter | null;
}
/** All of them must hold. */
export interface DealIdComparisons {
  /** Equal to this. */
  eq?: DealIdValue;
  /** Anything else. */
  ne?: DealIdValue;
  /** Any of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  in?: readonly DealIdValue[];
  /** None of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  not_in?: readonly DealIdValue[];
  /** Whether it has no value. */
  is_null?: boolean;
}
/** All of them must hold. */
export interface ContactIdListComparisons {
  /** Has this. */
  eq?: ContactIdValue;
  /** Does not have this. */
  ne?: ContactIdValue;
  /** Has any of these. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  in?: readonly ContactIdValue[];
  /** Has none of these. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  not_in?: readonly ContactIdValue[];
  /** Has all of these. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  all?: readonly ContactIdValue[];
  /** Whether it has none at all. */
  is_empty?: boolean;
}
/** All of them must hold. */
export interface QuoteIdListComparisons {
  /** Has this. */
  eq?: QuoteIdValue;
  /** Does not have this. */
  ne?: QuoteIdValue;
  /** Has any of these. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  in?: readonly QuoteIdValue[];
  /** Has none of these. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  not_in?: readonly QuoteIdValue[];
  /** Has all of these. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  all?: readonly QuoteIdValue[];
  /** Whether it has none at all. */
  is_empty?: boolean;
}
/** A new Deal. Fields that are left out, null or blank take their defaults. */
export interface CreateDealInput {
  /** Accepted and ignored: kept by the gateway. */
  id?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  tenant_id?: unknown;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id?: string | null;
  /** The account the deal is with. */
  account_id: string;
  /** Name of the deal. */
  name?: string | null;
  /** Number for people, unique among the tenant's live deals, e.g. `DEAL-2026-00417`. */
  deal_number?: string | null;
  /** Who owns the deal (`usr-…`). */
  owner_id?: string | null;
  /** The pipeline it is in, for tenants with several. */
  pipeline_id?: string | null;
  /** Stage: usually `lead`, `qualified`, `proposal`, `negotiation`, `closed_won` or `closed_lost`. */
  stage?: string | null;
  /** What the deal is worth, in its currency. */
  value?: string | number | null;
  /** ISO 4217 code of the value; the tenant's unless given. */
  currency?: string | null;
  /** Chance to win it, in percent (0–100). */
  probability?: string | number | null;
  /** Category for revenue planning. */
  forecast_category?: string | null;
  /** The day it is expected to close. */
  expected_close_date?: string | Date | null;
  /** The day it closed, in the tenant's time zone; set by a closing stage, cleared by reopening. */
  actual_close_date?: string | Date | null;
  /** The day of the next follow-up. */
  next_followup_date?: string | Date | null;
  /** What kind of business it is, e.g. `new`, `renewal`. */
  deal_type?: string | null;
  /** How it was found, e.g. `inbound`, `rfp`, `referral`. */
  deal_source?: string | null;
  /** Names of competing vendors. */
  competitors?: string[] | Blank | null;
  /** Why it was lost; needed for stages that are lost, such as `closed_lost`. */
  loss_reason?: string | null;
  /** Category of the loss; needed for stages that are lost, such as `closed_lost`. */
  loss_category?: string | null;
  /** Notes made at closing, at most 100,000 characters. */
  closure_notes?: string | null;
  /** The main person on the customer's side; one of the deal's contacts. */
  primary_contact_id?: string | null;
  /** The request for proposal it came from (`rfp-…`); not a record of this API. */
  rfp_record_id?: string | null;
  /** Ids of proposals; not records of this API. */
  proposal_ids?: string[] | Blank | null;
  /** Object keys of attached files. */
  attachment_refs?: string[] | Blank | null;
  /** Ids of follow-up tasks (`tsk-…`); not records of this API. */
  linked_task_ids?: string[] | Blank | null;
  /** Free-form labels: unique, each at most 64 characters, at most 100. */
  tags?: string[] | Blank | null;
  /** The tenant's own fields as a JSON object: at most 64 KB and 20 levels deep. */
  custom_fields?:
    | {
        [k: string]: unknown;
      }
    | Blank
    | null;
  /** Accepted and ignored: kept by the gateway. */
  app_id?: unknown;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source?: string | null;
  /** The kind of the writer. */
  source_type?: ("frontend" | "backend" | "server" | "system" | "api") | Blank | null;
  /** Accepted and ignored: kept by the gateway. */
  schema_version?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  version?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  created_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  created_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_by?: unknown;
  /** Accepted and ignored: derived from `deleted_at`. */
  is_deleted?: unknown;
  /** Accepted and ignored: derived. */
  quote_ids?: unknown;
  /** Accepted and ignored: derived. */
  audit_log?: unknown;
  /** All people on the customer's side who have a part in it. Replaces all that the caller can see. */
  contact_ids?: string[] | Blank | null;
}
/** A sales opportunity with an account. */
export interface Deal {
  /** Identifier: the entity's prefix and a UUIDv7, so ids sort by creation. Given by the gateway. */
  id: string;
  /** The tenant that owns the record. Comes from the credential, never from input. */
  tenant_id: string;
  /** The application whose credential wrote the record (`app-…`); null when written by a person. */
  app_id: string | null;
  /** When the record was created (UTC, milliseconds). */
  created_at: string;
  /** When the record was last written (UTC, milliseconds). */
  updated_at: string;
  /** The creator: the caller's `sub`, or the id of the API key. */
  created_by: string | null;
  /** The last writer: the caller's `sub`, or the id of the API key. */
  updated_by: string | null;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source: string;
  /** The kind of the writer. */
  source_type: "frontend" | "backend" | "server" | "system" | "api";
  /** Whether it is deleted. */
  is_deleted: boolean;
  /** When the record was soft-deleted. Null while it is not deleted. Lists have deleted records only with `include_deleted`. */
  deleted_at: string | null;
  /** The caller who deleted it (a `sub` or an API key's id). Null unless it is deleted. */
  deleted_by: string | null;
  /** Version of the record's shape; 1 today. */
  schema_version: number;
  /** The account the deal is with. */
  account_id: string;
  /** Who owns the deal (`usr-…`). */
  owner_id: string | null;
  /** Name of the deal. */
  name: string | null;
  /** Number for people, unique among the tenant's live deals, e.g. `DEAL-2026-00417`. */
  deal_number: string;
  /** The pipeline it is in, for tenants with several. */
  pipeline_id: string | null;
  /** Stage: usually `lead`, `qualified`, `proposal`, `negotiation`, `closed_won` or `closed_lost`. */
  stage: string;
  /** What the deal is worth, in its currency. */
  value: number | null;
  /** ISO 4217 code of the value; the tenant's unless given. */
  currency: string;
  /** Chance to win it, in percent (0–100). */
  probability: number | null;
  /** Category for revenue planning. */
  forecast_category: string | null;
  /** The day it is expected to close. */
  expected_close_date: string | null;
  /** The day it closed, in the tenant's time zone; set by a closing stage, cleared by reopening. */
  actual_close_date: string | null;
  /** The day of the next follow-up. */
  next_followup_date: string | null;
  /** What kind of business it is, e.g. `new`, `renewal`. */
  deal_type: string | null;
  /** How it was found, e.g. `inbound`, `rfp`, `referral`. */
  deal_source: string | null;
  /** Names of competing vendors. */
  competitors: string[];
  /** Why it was lost; needed for stages that are lost, such as `closed_lost`. */
  loss_reason: string | null;
  /** Category of the loss; needed for stages that are lost, such as `closed_lost`. */
  loss_category: string | null;
  /** Notes made at closing, at most 100,000 characters. */
  closure_notes: string | null;
  /** The main person on the customer's side; one of the deal's contacts. */
  primary_contact_id: string | null;
  /** All people on the customer's side who have a part in it. */
  contact_ids: string[];
  /** The request for proposal it came from (`rfp-…`); not a record of this API. */
  rfp_record_id: string | null;
  /** Quotes made for the deal. */
  quote_ids: string[];
  /** Ids of proposals; not records of this API. */
  proposal_ids: string[];
  /** Object keys of attached files. */
  attachment_refs: string[];
  /** Ids of follow-up tasks (`tsk-…`); not records of this API. */
  linked_task_ids: string[];
  /** Every change of stage. */
  audit_log: DealStageChange[];
  /** The tenant's own fields as a JSON object: at most 64 KB and 20 levels deep. */
  custom_fields: {
    [k: string]: unknown;
  };
  /** Free-form labels: unique, each at most 64 characters, at most 100. */
  tags: string[];
  /** Starts at 1 and grows by one with every write. Send it with an update: if it is not the current one any more, nothing is written, and the answer is a conflict. */
  version: number;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id: string | null;
}
/** One change of a deal's stage (an entry of `audit_log` in REST). */
export interface DealStageChange {
  /** The stage before; null for the deal's first. */
  from: string | null;
  /** The stage after. */
  to: string;
  /** When it changed (UTC, milliseconds). */
  at: string;
  /** Who changed it: the caller's `sub` or the API key's id. */
  by: string | null;
}
/** Changes to a Deal: only what is sent changes; null or blank clears, and is refused where a field is never null. */
export interface UpdateDealInput {
  /** Accepted and ignored. */
  id?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  tenant_id?: unknown;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id?: string | null;
  /** The account the deal is with. */
  account_id?: string;
  /** Name of the deal. */
  name?: string | null;
  /** Number for people, unique among the tenant's live deals, e.g. `DEAL-2026-00417`. */
  deal_number?: string;
  /** Who owns the deal (`usr-…`). */
  owner_id?: string | null;
  /** The pipeline it is in, for tenants with several. */
  pipeline_id?: string | null;
  /** Stage: usually `lead`, `qualified`, `proposal`, `negotiation`, `closed_won` or `closed_lost`. */
  stage?: string;
  /** What the deal is worth, in its currency. */
  value?: string | number | null;
  /** ISO 4217 code of the value; the tenant's unless given. */
  currency?: string;
  /** Chance to win it, in percent (0–100). */
  probability?: string | number | null;
  /** Category for revenue planning. */
  forecast_category?: string | null;
  /** The day it is expected to close. */
  expected_close_date?: string | Date | null;
  /** The day it closed, in the tenant's time zone; set by a closing stage, cleared by reopening. */
  actual_close_date?: string | Date | null;
  /** The day of the next follow-up. */
  next_followup_date?: string | Date | null;
  /** What kind of business it is, e.g. `new`, `renewal`. */
  deal_type?: string | null;
  /** How it was found, e.g. `inbound`, `rfp`, `referral`. */
  deal_source?: string | null;
  /** Names of competing vendors. */
  competitors?: string[];
  /** Why it was lost; needed for stages that are lost, such as `closed_lost`. */
  loss_reason?: string | null;
  /** Category of the loss; needed for stages that are lost, such as `closed_lost`. */
  loss_category?: string | null;
  /** Notes made at closing, at most 100,000 characters. */
  closure_notes?: string | null;
  /** The main person on the customer's side; one of the deal's contacts. */
  primary_contact_id?: string | null;
  /** The request for proposal it came from (`rfp-…`); not a record of this API. */
  rfp_record_id?: string | null;
  /** Ids of proposals; not records of this API. */
  proposal_ids?: string[];
  /** Object keys of attached files. */
  attachment_refs?: string[];
  /** Ids of follow-up tasks (`tsk-…`); not records of this API. */
  linked_task_ids?: string[];
  /** Free-form labels: unique, each at most 64 characters, at most 100. */
  tags?: string[];
  /** The tenant's own fields as a JSON object: at most 64 KB and 20 levels deep. Replaces what is stored; `custom_fields_patch` changes single keys. */
  custom_fields?: {
    [k: string]: unknown;
  };
  /** Accepted and ignored: kept by the gateway. */
  app_id?: unknown;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source?: string;
  /** The kind of the writer. */
  source_type?: "frontend" | "backend" | "server" | "system" | "api";
  /** Accepted and ignored: kept by the gateway. */
  schema_version?: unknown;
  /** The version that was read. If it is not the current one, nothing is written, and the answer is a conflict with the current record. */
  version?: number | Blank | null;
  /** Accepted and ignored: kept by the gateway. */
  created_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  created_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_by?: unknown;
  /** Accepted and ignored: derived from `deleted_at`. */
  is_deleted?: unknown;
  /** Accepted and ignored: derived. */
  quote_ids?: unknown;
  /** Accepted and ignored: derived. */
  audit_log?: unknown;
  /** All people on the customer's side who have a part in it. Replaces all that the caller can see. */
  contact_ids?: string[];
  /** Changes single keys of `custom_fields`: a key that is sent gets its value, null removes it, and all others stay. A value is replaced as a whole, also an object. Not together with `custom_fields`. */
  custom_fields_patch?:
    | {
        [k: string]: unknown;
      }
    | Blank
    | null;
}
/** What `listActivities` can be asked for. */
export interface ListActivitiesParameters {
  /** The most records of a page. */
  limit?: number;
  /** Where the page begins: `next_cursor` of the page before, unchanged, with the same order and filters. */
  cursor?: string;
  /** Words that a record's names, numbers or notes hold, without regard to case and accents, or a phone number however it is written. The best matches come first unless `sort` is given: a name or number that is the search, then beginnings, words, parts, and what is only alike. */
  q?: string;
  /** Whether deleted records are found as well. */
  include_deleted?: boolean;
  /** Keys to sort by, each once: separated by commas, or each in a parameter `sort` of its own. */
  sort?: ActivityOrder | readonly ActivityOrder[];
  /** Identifier: the entity's prefix and a UUIDv7, so ids sort by creation. Given by the gateway. */
  id?: ActivityIdFilter | null;
  /** The tenant that owns the record. Comes from the credential, never from input. */
  tenant_id?: TenantIdFilter | null;
  /** The application whose credential wrote the record (`app-…`); null when written by a person. */
  app_id?: TextFilter | null;
  /** When the record was created (UTC, milliseconds). */
  created_at?: DateTimeFilter | null;
  /** When the record was last written (UTC, milliseconds). */
  updated_at?: DateTimeFilter | null;
  /** The creator: the caller's `sub`, or the id of the API key. */
  created_by?: TextFilter | null;
  /** The last writer: the caller's `sub`, or the id of the API key. */
  updated_by?: TextFilter | null;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source?: TextFilter | null;
  /** The kind of the writer. */
  source_type?: SourceTypeFilter | null;
  /** `true`: only deleted records, `false`: only others. */
  is_deleted?: boolean;
  /** When the record was soft-deleted. Null while it is not deleted. Lists have deleted records only with `include_deleted`. */
  deleted_at?: DateTimeFilter | null;
  /** The caller who deleted it (a `sub` or an API key's id). Null unless it is deleted. */
  deleted_by?: TextFilter | null;
  /** Version of the record's shape; 1 today. */
  schema_version?: IntegerFilter | null;
  /** The account it belongs to. */
  account_id?: AccountIdFilter | null;
  /** The deal it belongs to. */
  deal_id?: DealIdFilter | null;
  /** The main person involved; one of its contacts. */
  contact_id?: ContactIdFilter | null;
  /** An id that is among them. */
  contact_ids?: ContactIdListFilter;
  /** Kind as free text, where the five types are too coarse. */
  activity_type?: TextTwinFilter | null;
  /** Subject or short title. */
  subject?: TextFilter | null;
  /** What happened; Markdown, at most 100,000 characters. */
  description?: TextFilter | null;
  /** When it happened. */
  activity_date?: DateTimeFilter | null;
  /** When it is due, for tasks. */
  due_date?: DateTimeFilter | null;
  /** When it was completed. */
  completed_at?: DateTimeFilter | null;
  /** Status, e.g. `open`, `completed`. */
  status?: TextFilter | null;
  /** Priority. */
  priority?: TextFilter | null;
  /** `inbound` or `outbound`, for calls and emails. */
  direction?: TextFilter | null;
  /** Outcome. */
  outcome?: TextFilter | null;
  /** Who or what performed it, e.g. `user`, `agent`. */
  actor_type?: TextFilter | null;
  /** Who performed it (`usr-…` or a service account). */
  performed_by_user_id?: TextFilter | null;
  /** Trace id, when an AI wrote it. */
  linked_trace_id?: TextFilter | null;
  /** One of them. Object keys of attached files. */
  attachment_refs?: TextListFilter;
  /** Whether a reminder was sent. */
  reminder_sent?: BooleanFilter | null;
  /** The tenant's own fields as a JSON object: at most 64 KB and 20 levels deep. */
  custom_fields?: InsideFilters;
  /** One of them. Free-form labels: unique, each at most 64 characters, at most 100. */
  tags?: TextListFilter;
  /** Starts at 1 and grows by one with every write. Send it with an update: if it is not the current one any more, nothing is written, and the answer is a conflict. */
  version?: IntegerFilter | null;
  /** What kind of touchpoint it was. */
  type?: ActivityTypeFilter | null;
  /** Who owns it (`usr-…`). */
  owner_id?: TextFilter | null;
  /** What happened; Markdown, at most 100,000 characters. */
  notes?: TextFilter | null;
  /** When it happened. */
  occurred_at?: DateTimeFilter | null;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id?: TextFilter | null;
}
/** All of them must hold. */
export interface ActivityIdComparisons {
  /** Equal to this. */
  eq?: ActivityIdValue;
  /** Anything else. */
  ne?: ActivityIdValue;
  /** Any of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  in?: readonly ActivityIdValue[];
  /** None of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  not_in?: readonly ActivityIdValue[];
  /** Whether it has no value. */
  is_null?: boolean;
}
/** All of them must hold. */
export interface TextTwinComparisons {
  /** Equal to this. */
  eq?: TextValue;
  /** Anything else. */
  ne?: TextValue;
  /** Any of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  in?: readonly TextValue[];
  /** None of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  not_in?: readonly TextValue[];
  /** Whether it has no value. */
  is_null?: boolean;
  /** Has this as a part, whatever case and accents; at most 200 characters. */
  contains?: TextValue;
  /** Begins with this, whatever case and accents; at most 200 characters. */
  starts_with?: TextValue;
  /** Ends with this, whatever case and accents; at most 200 characters. */
  ends_with?: TextValue;
}
/** All of them must hold. */
export interface ActivityTypeComparisons {
  /** Equal to this. */
  eq?: ActivityTypeValue;
  /** Anything else. */
  ne?: ActivityTypeValue;
  /** Any of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  in?: readonly ActivityTypeValue[];
  /** None of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  not_in?: readonly ActivityTypeValue[];
  /** Whether it has no value. */
  is_null?: boolean;
}
/** A new Activity. Fields that are left out, null or blank take their defaults. */
export interface CreateActivityInput {
  /** Accepted and ignored: kept by the gateway. */
  id?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  tenant_id?: unknown;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id?: string | null;
  /** The account it belongs to. */
  account_id?: string | null;
  /** The deal it belongs to. */
  deal_id?: string | null;
  /** The main person involved; one of its contacts. */
  contact_id?: string | null;
  /** What kind of touchpoint it was. */
  type?: ("call" | "email" | "meeting" | "note" | "task") | Blank | null;
  /** Kind as free text, where the five types are too coarse. */
  activity_type?: string | null;
  /** Subject or short title. */
  subject?: string | null;
  /** What happened; Markdown, at most 100,000 characters. */
  description?: string | null;
  /** When it happened. */
  occurred_at?: string | Date | null;
  /** When it is due, for tasks. */
  due_date?: string | Date | null;
  /** When it was completed. */
  completed_at?: string | Date | null;
  /** Status, e.g. `open`, `completed`. */
  status?: string | null;
  /** Priority. */
  priority?: string | null;
  /** `inbound` or `outbound`, for calls and emails. */
  direction?: string | null;
  /** Outcome. */
  outcome?: string | null;
  /** Who or what performed it, e.g. `user`, `agent`. */
  actor_type?: string | null;
  /** Who performed it (`usr-…` or a service account). */
  performed_by_user_id?: string | null;
  /** Who owns it (`usr-…`). */
  owner_id?: string | null;
  /** All participants, a JSON list of users and contacts. */
  participants?: unknown[] | Blank | null;
  /** Trace id, when an AI wrote it. */
  linked_trace_id?: string | null;
  /** Object keys of attached files. */
  attachment_refs?: string[] | Blank | null;
  /** Schedule of a repeating activity. */
  recurrence?: unknown;
  /** Whether a reminder was sent. */
  reminder_sent?: boolean | Blank | null;
  /** Free-form labels: unique, each at most 64 characters, at most 100. */
  tags?: string[] | Blank | null;
  /** The tenant's own fields as a JSON object: at most 64 KB and 20 levels deep. */
  custom_fields?:
    | {
        [k: string]: unknown;
      }
    | Blank
    | null;
  /** Accepted and ignored: kept by the gateway. */
  app_id?: unknown;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source?: string | null;
  /** The kind of the writer. */
  source_type?: ("frontend" | "backend" | "server" | "system" | "api") | Blank | null;
  /** Accepted and ignored: kept by the gateway. */
  schema_version?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  version?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  created_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  created_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_by?: unknown;
  /** Accepted and ignored: derived from `deleted_at`. */
  is_deleted?: unknown;
  /** The same as `occurred_at`; send either. */
  activity_date?: string | Date | null;
  /** The same as `description`; send either. */
  notes?: string | null;
  /** All people who took part; `contact_id` is one of them. */
  contact_ids?: string[] | Blank | null;
}
/** A logged touchpoint: a call, email, meeting, note or task. A log entry: it is not changed afterwards, but for a task until it is completed. */
export interface Activity {
  /** Identifier: the entity's prefix and a UUIDv7, so ids sort by creation. Given by the gateway. */
  id: string;
  /** The tenant that owns the record. Comes from the credential, never from input. */
  tenant_id: string;
  /** The application whose credential wrote the record (`app-…`); null when written by a person. */
  app_id: string | null;
  /** When the record was created (UTC, milliseconds). */
  created_at: string;
  /** When the record was last written (UTC, milliseconds). */
  updated_at: string;
  /** The creator: the caller's `sub`, or the id of the API key. */
  created_by: string | null;
  /** The last writer: the caller's `sub`, or the id of the API key. */
  updated_by: string | null;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source: string;
  /** The kind of the writer. */
  source_type: "frontend" | "backend" | "server" | "system" | "api";
  /** Whether it is deleted. */
  is_deleted: boolean;
  /** When the record was soft-deleted. Null while it is not deleted. Lists have deleted records only with `include_deleted`. */
  deleted_at: string | null;
  /** The caller who deleted it (a `sub` or an API key's id). Null unless it is deleted. */
  deleted_by: string | null;
  /** Version of the record's shape; 1 today. */
  schema_version: number;
  /** The account it belongs to. */
  account_id: string | null;
  /** The deal it belongs to. */
  deal_id: string | null;
  /** The main person involved; one of its contacts. */
  contact_id: string | null;
  /** All people who took part. */
  contact_ids: string[];
  /** Kind as free text, where the five types are too coarse. */
  activity_type: string;
  /** Subject or short title. */
  subject: string | null;
  /** What happened; Markdown, at most 100,000 characters. */
  description: string | null;
  /** When it happened. */
  activity_date: string;
  /** When it is due, for tasks. */
  due_date: string | null;
  /** When it was completed. */
  completed_at: string | null;
  /** Status, e.g. `open`, `completed`. */
  status: string | null;
  /** Priority. */
  priority: string | null;
  /** `inbound` or `outbound`, for calls and emails. */
  direction: string | null;
  /** Outcome. */
  outcome: string | null;
  /** Who or what performed it, e.g. `user`, `agent`. */
  actor_type: string | null;
  /** Who performed it (`usr-…` or a service account). */
  performed_by_user_id: string | null;
  /** All participants, a JSON list of users and contacts. */
  participants: unknown[];
  /** Trace id, when an AI wrote it. */
  linked_trace_id: string | null;
  /** Object keys of attached files. */
  attachment_refs: string[];
  /** Schedule of a repeating activity. */
  recurrence: unknown;
  /** Whether a reminder was sent. */
  reminder_sent: boolean;
  /** The tenant's own fields as a JSON object: at most 64 KB and 20 levels deep. */
  custom_fields: {
    [k: string]: unknown;
  };
  /** Free-form labels: unique, each at most 64 characters, at most 100. */
  tags: string[];
  /** Starts at 1 and grows by one with every write. Send it with an update: if it is not the current one any more, nothing is written, and the answer is a conflict. */
  version: number;
  /** What kind of touchpoint it was. */
  type: "call" | "email" | "meeting" | "note" | "task";
  /** Who owns it (`usr-…`). */
  owner_id: string | null;
  /** What happened; Markdown, at most 100,000 characters. */
  notes: string | null;
  /** When it happened. */
  occurred_at: string;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id: string | null;
}
/** What `listQuotes` can be asked for. */
export interface ListQuotesParameters {
  /** The most records of a page. */
  limit?: number;
  /** Where the page begins: `next_cursor` of the page before, unchanged, with the same order and filters. */
  cursor?: string;
  /** Words that a record's names, numbers or notes hold, without regard to case and accents, or a phone number however it is written. The best matches come first unless `sort` is given: a name or number that is the search, then beginnings, words, parts, and what is only alike. */
  q?: string;
  /** Whether deleted records are found as well. */
  include_deleted?: boolean;
  /** Keys to sort by, each once: separated by commas, or each in a parameter `sort` of its own. */
  sort?: QuoteOrder | readonly QuoteOrder[];
  /** Identifier: the entity's prefix and a UUIDv7, so ids sort by creation. Given by the gateway. */
  id?: QuoteIdFilter | null;
  /** The tenant that owns the record. Comes from the credential, never from input. */
  tenant_id?: TenantIdFilter | null;
  /** The application whose credential wrote the record (`app-…`); null when written by a person. */
  app_id?: TextFilter | null;
  /** When the record was created (UTC, milliseconds). */
  created_at?: DateTimeFilter | null;
  /** When the record was last written (UTC, milliseconds). */
  updated_at?: DateTimeFilter | null;
  /** The creator: the caller's `sub`, or the id of the API key. */
  created_by?: TextFilter | null;
  /** The last writer: the caller's `sub`, or the id of the API key. */
  updated_by?: TextFilter | null;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source?: TextFilter | null;
  /** The kind of the writer. */
  source_type?: SourceTypeFilter | null;
  /** `true`: only deleted records, `false`: only others. */
  is_deleted?: boolean;
  /** When the record was soft-deleted. Null while it is not deleted. Lists have deleted records only with `include_deleted`. */
  deleted_at?: DateTimeFilter | null;
  /** The caller who deleted it (a `sub` or an API key's id). Null unless it is deleted. */
  deleted_by?: TextFilter | null;
  /** Version of the record's shape; 1 today. */
  schema_version?: IntegerFilter | null;
  /** Who owns the quote (`usr-…`). */
  owner_id?: TextFilter | null;
  /** Name of the quote. */
  name?: TextFilter | null;
  /** Number for people, unique among the tenant's live quotes, e.g. `Q-2026-00892`. */
  quote_number?: TextFilter | null;
  /** The account the quote is for. */
  account_id?: AccountIdFilter | null;
  /** The deal it belongs to; null for none. */
  deal_id?: DealIdFilter | null;
  /** Sum of its line items' totals; without line items, what was given. */
  value?: DecimalFilter | null;
  /** ISO 4217 code of all its amounts. */
  currency?: TextFilter | null;
  /** Where it stands. An open quote past its validity date reads as expired by the tenant's day, without a write: its history has what was written. */
  status?: QuoteStatusFilter | null;
  /** The day it was first sent. */
  date_issued?: DateFilter | null;
  /** The last day it holds. */
  validity_date?: DateFilter | null;
  /** Contract term it covers, e.g. `12 months`. */
  contract_duration?: TextFilter | null;
  /** Whether it is the deal's primary quote; at most one live quote is. */
  is_primary?: BooleanFilter | null;
  /** Special terms, at most 100,000 characters. */
  notes?: TextFilter | null;
  /** The tenant's own fields as a JSON object: at most 64 KB and 20 levels deep. */
  custom_fields?: InsideFilters;
  /** One of them. Free-form labels: unique, each at most 64 characters, at most 100. */
  tags?: TextListFilter;
  /** Starts at 1 and grows by one with every write. Send it with an update: if it is not the current one any more, nothing is written, and the answer is a conflict. */
  version?: IntegerFilter | null;
  /** Sum of its line items' totals; without line items, what was given. */
  total?: DecimalFilter | null;
  /** The last day it holds. */
  valid_until?: DateFilter | null;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id?: TextFilter | null;
}
/** All of them must hold. */
export interface QuoteIdComparisons {
  /** Equal to this. */
  eq?: QuoteIdValue;
  /** Anything else. */
  ne?: QuoteIdValue;
  /** Any of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  in?: readonly QuoteIdValue[];
  /** None of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  not_in?: readonly QuoteIdValue[];
  /** Whether it has no value. */
  is_null?: boolean;
}
/** All of them must hold. */
export interface QuoteStatusComparisons {
  /** Equal to this. */
  eq?: QuoteStatusValue;
  /** Anything else. */
  ne?: QuoteStatusValue;
  /** Any of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  in?: readonly QuoteStatusValue[];
  /** None of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  not_in?: readonly QuoteStatusValue[];
  /** Whether it has no value. */
  is_null?: boolean;
}
/** A new Quote. Fields that are left out, null or blank take their defaults. */
export interface CreateQuoteInput {
  /** Accepted and ignored: kept by the gateway. */
  id?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  tenant_id?: unknown;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id?: string | null;
  /** The account the quote is for. */
  account_id: string;
  /** The deal it belongs to; null for none. */
  deal_id?: string | null;
  /** Name of the quote. */
  name?: string | null;
  /** Number for people, unique among the tenant's live quotes, e.g. `Q-2026-00892`. */
  quote_number?: string | null;
  /** Who owns the quote (`usr-…`). */
  owner_id?: string | null;
  /** ISO 4217 code of all its amounts. */
  currency?: string | null;
  /** Where it stands. An open quote past its validity date reads as expired by the tenant's day, without a write: its history has what was written. */
  status?: ("draft" | "sent" | "accepted" | "rejected" | "expired") | Blank | null;
  /** The day it was first sent. */
  date_issued?: string | Date | null;
  /** The last day it holds. */
  validity_date?: string | Date | null;
  /** Contract term it covers, e.g. `12 months`. */
  contract_duration?: string | null;
  /** Whether it is the deal's primary quote; at most one live quote is. */
  is_primary?: boolean | Blank | null;
  /** Special terms, at most 100,000 characters. */
  notes?: string | null;
  /** Sum of its line items' totals; without line items, what was given. */
  total?: string | number | null;
  /** Free-form labels: unique, each at most 64 characters, at most 100. */
  tags?: string[] | Blank | null;
  /** The tenant's own fields as a JSON object: at most 64 KB and 20 levels deep. */
  custom_fields?:
    | {
        [k: string]: unknown;
      }
    | Blank
    | null;
  /** Accepted and ignored: kept by the gateway. */
  app_id?: unknown;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source?: string | null;
  /** The kind of the writer. */
  source_type?: ("frontend" | "backend" | "server" | "system" | "api") | Blank | null;
  /** Accepted and ignored: kept by the gateway. */
  schema_version?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  version?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  created_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  created_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_by?: unknown;
  /** Accepted and ignored: derived from `deleted_at`. */
  is_deleted?: unknown;
  /** The same as `total`; send either. */
  value?: string | number | null;
  /** The same as `validity_date`; send either. */
  valid_until?: string | Date | null;
  /** What is offered, in order. On update it replaces all that the caller can see: a line with the `id` of one is changed, the others are made new, those left out are deleted. */
  line_items?: QuoteLineItemInput[] | Blank | null;
}
/** A line item inside its quote. */
export interface QuoteLineItemInput {
  /** On update, the line item of the quote that this is; left out, a new one. Ignored on create. */
  id?: string | null;
  /** Accepted and ignored: kept by the gateway. */
  tenant_id?: unknown;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id?: string | null;
  /** Accepted and ignored: it is the quote. */
  quote_id?: unknown;
  /** What is offered, at most 100,000 characters. */
  description?: string | null;
  /** How many; not negative. */
  quantity?: string | number | null;
  /** Price of one, in the quote's currency; not negative: a rebate is a discount. */
  unit_price?: string | number | null;
  /** Discount: 0–100 percent, or money up to the line's price; see `discount_type`. */
  discount?: string | number | null;
  /** Whether the discount is an amount or a percentage. */
  discount_type?: ("amount" | "percent") | Blank | null;
  /** Accepted and ignored: kept by the gateway. */
  total?: unknown;
  /** ISO 4217 code; the quote's. */
  currency?: string | null;
  /** Accepted and ignored: the order of the list counts. */
  position?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  app_id?: unknown;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source?: string | null;
  /** The kind of the writer. */
  source_type?: ("frontend" | "backend" | "server" | "system" | "api") | Blank | null;
  /** Accepted and ignored: kept by the gateway. */
  schema_version?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  version?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  created_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  created_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_by?: unknown;
  /** Accepted and ignored: derived from `deleted_at`. */
  is_deleted?: unknown;
}
/** A priced offer to an account, usually for a deal. */
export interface Quote {
  /** Identifier: the entity's prefix and a UUIDv7, so ids sort by creation. Given by the gateway. */
  id: string;
  /** The tenant that owns the record. Comes from the credential, never from input. */
  tenant_id: string;
  /** The application whose credential wrote the record (`app-…`); null when written by a person. */
  app_id: string | null;
  /** When the record was created (UTC, milliseconds). */
  created_at: string;
  /** When the record was last written (UTC, milliseconds). */
  updated_at: string;
  /** The creator: the caller's `sub`, or the id of the API key. */
  created_by: string | null;
  /** The last writer: the caller's `sub`, or the id of the API key. */
  updated_by: string | null;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source: string;
  /** The kind of the writer. */
  source_type: "frontend" | "backend" | "server" | "system" | "api";
  /** Whether it is deleted. */
  is_deleted: boolean;
  /** When the record was soft-deleted. Null while it is not deleted. Lists have deleted records only with `include_deleted`. */
  deleted_at: string | null;
  /** The caller who deleted it (a `sub` or an API key's id). Null unless it is deleted. */
  deleted_by: string | null;
  /** Version of the record's shape; 1 today. */
  schema_version: number;
  /** Who owns the quote (`usr-…`). */
  owner_id: string | null;
  /** Name of the quote. */
  name: string | null;
  /** Number for people, unique among the tenant's live quotes, e.g. `Q-2026-00892`. */
  quote_number: string;
  /** The account the quote is for. */
  account_id: string;
  /** The deal it belongs to; null for none. */
  deal_id: string | null;
  /** Sum of its line items' totals; without line items, what was given. */
  value: number | null;
  /** ISO 4217 code of all its amounts. */
  currency: string;
  /** Where it stands. An open quote past its validity date reads as expired by the tenant's day, without a write: its history has what was written. */
  status: "draft" | "sent" | "accepted" | "rejected" | "expired";
  /** The day it was first sent. */
  date_issued: string | null;
  /** The last day it holds. */
  validity_date: string | null;
  /** Contract term it covers, e.g. `12 months`. */
  contract_duration: string | null;
  /** Whether it is the deal's primary quote; at most one live quote is. */
  is_primary: boolean;
  /** Special terms, at most 100,000 characters. */
  notes: string | null;
  /** What is offered, in the order of the quote. */
  line_items: QuoteLineItem[];
  /** The tenant's own fields as a JSON object: at most 64 KB and 20 levels deep. */
  custom_fields: {
    [k: string]: unknown;
  };
  /** Free-form labels: unique, each at most 64 characters, at most 100. */
  tags: string[];
  /** Starts at 1 and grows by one with every write. Send it with an update: if it is not the current one any more, nothing is written, and the answer is a conflict. */
  version: number;
  /** Sum of its line items' totals; without line items, what was given. */
  total: number | null;
  /** The last day it holds. */
  valid_until: string | null;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id: string | null;
}
/** One priced line of a quote. */
export interface QuoteLineItem {
  /** Identifier: the entity's prefix and a UUIDv7, so ids sort by creation. Given by the gateway. */
  id: string;
  /** What is offered, at most 100,000 characters. */
  description: string | null;
  /** How many; not negative. */
  quantity: number;
  /** Price of one, in the quote's currency; not negative: a rebate is a discount. */
  unit_price: number;
  /** Discount: 0–100 percent, or money up to the line's price; see `discount_type`. */
  discount: number;
  /** Quantity × unit price − discount, rounded half up to 4 places, never below 0; derived. */
  total: number;
  /** ISO 4217 code; the quote's. */
  currency: string;
  /** Whether the discount is an amount or a percentage. */
  discount_type: "amount" | "percent";
}
/** Changes to a Quote: only what is sent changes; null or blank clears, and is refused where a field is never null. */
export interface UpdateQuoteInput {
  /** Accepted and ignored. */
  id?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  tenant_id?: unknown;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id?: string | null;
  /** The account the quote is for. */
  account_id?: string;
  /** The deal it belongs to; null for none. */
  deal_id?: string | null;
  /** Name of the quote. */
  name?: string | null;
  /** Number for people, unique among the tenant's live quotes, e.g. `Q-2026-00892`. */
  quote_number?: string;
  /** Who owns the quote (`usr-…`). */
  owner_id?: string | null;
  /** ISO 4217 code of all its amounts. */
  currency?: string;
  /** Where it stands. An open quote past its validity date reads as expired by the tenant's day, without a write: its history has what was written. */
  status?: "draft" | "sent" | "accepted" | "rejected" | "expired";
  /** The day it was first sent. */
  date_issued?: string | Date | null;
  /** The last day it holds. */
  validity_date?: string | Date | null;
  /** Contract term it covers, e.g. `12 months`. */
  contract_duration?: string | null;
  /** Whether it is the deal's primary quote; at most one live quote is. */
  is_primary?: boolean;
  /** Special terms, at most 100,000 characters. */
  notes?: string | null;
  /** Sum of its line items' totals; without line items, what was given. */
  total?: string | number | null;
  /** Free-form labels: unique, each at most 64 characters, at most 100. */
  tags?: string[];
  /** The tenant's own fields as a JSON object: at most 64 KB and 20 levels deep. Replaces what is stored; `custom_fields_patch` changes single keys. */
  custom_fields?: {
    [k: string]: unknown;
  };
  /** Accepted and ignored: kept by the gateway. */
  app_id?: unknown;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source?: string;
  /** The kind of the writer. */
  source_type?: "frontend" | "backend" | "server" | "system" | "api";
  /** Accepted and ignored: kept by the gateway. */
  schema_version?: unknown;
  /** The version that was read. If it is not the current one, nothing is written, and the answer is a conflict with the current record. */
  version?: number | Blank | null;
  /** Accepted and ignored: kept by the gateway. */
  created_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  created_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_by?: unknown;
  /** Accepted and ignored: derived from `deleted_at`. */
  is_deleted?: unknown;
  /** The same as `total`; send either. */
  value?: string | number | null;
  /** The same as `validity_date`; send either. */
  valid_until?: string | Date | null;
  /** What is offered, in order. On update it replaces all that the caller can see: a line with the `id` of one is changed, the others are made new, those left out are deleted. */
  line_items?: QuoteLineItemInput[];
  /** Changes single keys of `custom_fields`: a key that is sent gets its value, null removes it, and all others stay. A value is replaced as a whole, also an object. Not together with `custom_fields`. */
  custom_fields_patch?:
    | {
        [k: string]: unknown;
      }
    | Blank
    | null;
}
/** What `listLineItems` can be asked for. */
export interface ListLineItemsParameters {
  /** The most records of a page. */
  limit?: number;
  /** Where the page begins: `next_cursor` of the page before, unchanged, with the same order and filters. */
  cursor?: string;
  /** Words that a record's names, numbers or notes hold, without regard to case and accents, or a phone number however it is written. The best matches come first unless `sort` is given: a name or number that is the search, then beginnings, words, parts, and what is only alike. */
  q?: string;
  /** Whether deleted records are found as well. */
  include_deleted?: boolean;
  /** Keys to sort by, each once: separated by commas, or each in a parameter `sort` of its own. */
  sort?: LineItemOrder | readonly LineItemOrder[];
  /** Identifier: the entity's prefix and a UUIDv7, so ids sort by creation. Given by the gateway. */
  id?: LineItemIdFilter | null;
  /** The tenant that owns the record. Comes from the credential, never from input. */
  tenant_id?: TenantIdFilter | null;
  /** The application whose credential wrote the record (`app-…`); null when written by a person. */
  app_id?: TextFilter | null;
  /** When the record was created (UTC, milliseconds). */
  created_at?: DateTimeFilter | null;
  /** When the record was last written (UTC, milliseconds). */
  updated_at?: DateTimeFilter | null;
  /** The creator: the caller's `sub`, or the id of the API key. */
  created_by?: TextFilter | null;
  /** The last writer: the caller's `sub`, or the id of the API key. */
  updated_by?: TextFilter | null;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source?: TextFilter | null;
  /** The kind of the writer. */
  source_type?: SourceTypeFilter | null;
  /** `true`: only deleted records, `false`: only others. */
  is_deleted?: boolean;
  /** When the record was soft-deleted. Null while it is not deleted. Lists have deleted records only with `include_deleted`. */
  deleted_at?: DateTimeFilter | null;
  /** The caller who deleted it (a `sub` or an API key's id). Null unless it is deleted. */
  deleted_by?: TextFilter | null;
  /** Version of the record's shape; 1 today. */
  schema_version?: IntegerFilter | null;
  /** The quote it belongs to. */
  quote_id?: QuoteIdFilter | null;
  /** What is offered, at most 100,000 characters. */
  description?: TextFilter | null;
  /** How many; not negative. */
  quantity?: DecimalFilter | null;
  /** Price of one, in the quote's currency; not negative: a rebate is a discount. */
  unit_price?: DecimalFilter | null;
  /** Discount: 0–100 percent, or money up to the line's price; see `discount_type`. */
  discount?: DecimalFilter | null;
  /** Quantity × unit price − discount, rounded half up to 4 places, never below 0; derived. */
  total?: DecimalFilter | null;
  /** Starts at 1 and grows by one with every write. Send it with an update: if it is not the current one any more, nothing is written, and the answer is a conflict. */
  version?: IntegerFilter | null;
  /** ISO 4217 code; the quote's. */
  currency?: TextFilter | null;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id?: TextFilter | null;
  /** Whether the discount is an amount or a percentage. */
  discount_type?: DiscountTypeFilter | null;
  /** Its place in the quote, from 0. */
  position?: IntegerFilter | null;
}
/** All of them must hold. */
export interface LineItemIdComparisons {
  /** Equal to this. */
  eq?: LineItemIdValue;
  /** Anything else. */
  ne?: LineItemIdValue;
  /** Any of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  in?: readonly LineItemIdValue[];
  /** None of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  not_in?: readonly LineItemIdValue[];
  /** Whether it has no value. */
  is_null?: boolean;
}
/** All of them must hold. */
export interface DiscountTypeComparisons {
  /** Equal to this. */
  eq?: DiscountTypeValue;
  /** Anything else. */
  ne?: DiscountTypeValue;
  /** Any of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  in?: readonly DiscountTypeValue[];
  /** None of these values. Separated by commas, at most 200; a comma within a value is written `\,`, a backslash `\\`. */
  not_in?: readonly DiscountTypeValue[];
  /** Whether it has no value. */
  is_null?: boolean;
}
/** A new LineItem. Fields that are left out, null or blank take their defaults. */
export interface CreateLineItemInput {
  /** Accepted and ignored: kept by the gateway. */
  id?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  tenant_id?: unknown;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id?: string | null;
  /** The quote it belongs to. */
  quote_id: string;
  /** What is offered, at most 100,000 characters. */
  description?: string | null;
  /** How many; not negative. */
  quantity?: string | number | null;
  /** Price of one, in the quote's currency; not negative: a rebate is a discount. */
  unit_price?: string | number | null;
  /** Discount: 0–100 percent, or money up to the line's price; see `discount_type`. */
  discount?: string | number | null;
  /** Whether the discount is an amount or a percentage. */
  discount_type?: ("amount" | "percent") | Blank | null;
  /** Accepted and ignored: kept by the gateway. */
  total?: unknown;
  /** ISO 4217 code; the quote's. */
  currency?: string | null;
  /** Its place in the quote, from 0. */
  position?: number | Blank | null;
  /** Accepted and ignored: kept by the gateway. */
  app_id?: unknown;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source?: string | null;
  /** The kind of the writer. */
  source_type?: ("frontend" | "backend" | "server" | "system" | "api") | Blank | null;
  /** Accepted and ignored: kept by the gateway. */
  schema_version?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  version?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  created_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  created_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_by?: unknown;
  /** Accepted and ignored: derived from `deleted_at`. */
  is_deleted?: unknown;
}
/** One priced line of a quote. */
export interface LineItem {
  /** Identifier: the entity's prefix and a UUIDv7, so ids sort by creation. Given by the gateway. */
  id: string;
  /** The tenant that owns the record. Comes from the credential, never from input. */
  tenant_id: string;
  /** The application whose credential wrote the record (`app-…`); null when written by a person. */
  app_id: string | null;
  /** When the record was created (UTC, milliseconds). */
  created_at: string;
  /** When the record was last written (UTC, milliseconds). */
  updated_at: string;
  /** The creator: the caller's `sub`, or the id of the API key. */
  created_by: string | null;
  /** The last writer: the caller's `sub`, or the id of the API key. */
  updated_by: string | null;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source: string;
  /** The kind of the writer. */
  source_type: "frontend" | "backend" | "server" | "system" | "api";
  /** Whether it is deleted. */
  is_deleted: boolean;
  /** When the record was soft-deleted. Null while it is not deleted. Lists have deleted records only with `include_deleted`. */
  deleted_at: string | null;
  /** The caller who deleted it (a `sub` or an API key's id). Null unless it is deleted. */
  deleted_by: string | null;
  /** Version of the record's shape; 1 today. */
  schema_version: number;
  /** The quote it belongs to. */
  quote_id: string;
  /** What is offered, at most 100,000 characters. */
  description: string | null;
  /** How many; not negative. */
  quantity: number;
  /** Price of one, in the quote's currency; not negative: a rebate is a discount. */
  unit_price: number;
  /** Discount: 0–100 percent, or money up to the line's price; see `discount_type`. */
  discount: number;
  /** Quantity × unit price − discount, rounded half up to 4 places, never below 0; derived. */
  total: number;
  /** Starts at 1 and grows by one with every write. Send it with an update: if it is not the current one any more, nothing is written, and the answer is a conflict. */
  version: number;
  /** ISO 4217 code; the quote's. */
  currency: string;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id: string | null;
  /** Whether the discount is an amount or a percentage. */
  discount_type: "amount" | "percent";
  /** Its place in the quote, from 0. */
  position: number;
}
/** Changes to a LineItem: only what is sent changes; null or blank clears, and is refused where a field is never null. */
export interface UpdateLineItemInput {
  /** Accepted and ignored. */
  id?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  tenant_id?: unknown;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id?: string | null;
  /** The quote it belongs to. */
  quote_id?: string;
  /** What is offered, at most 100,000 characters. */
  description?: string | null;
  /** How many; not negative. */
  quantity?: string | number;
  /** Price of one, in the quote's currency; not negative: a rebate is a discount. */
  unit_price?: string | number;
  /** Discount: 0–100 percent, or money up to the line's price; see `discount_type`. */
  discount?: string | number;
  /** Whether the discount is an amount or a percentage. */
  discount_type?: "amount" | "percent";
  /** Accepted and ignored: kept by the gateway. */
  total?: unknown;
  /** ISO 4217 code; the quote's. */
  currency?: string;
  /** Its place in the quote, from 0. */
  position?: number;
  /** Accepted and ignored: kept by the gateway. */
  app_id?: unknown;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source?: string;
  /** The kind of the writer. */
  source_type?: "frontend" | "backend" | "server" | "system" | "api";
  /** Accepted and ignored: kept by the gateway. */
  schema_version?: unknown;
  /** The version that was read. If it is not the current one, nothing is written, and the answer is a conflict with the current record. */
  version?: number | Blank | null;
  /** Accepted and ignored: kept by the gateway. */
  created_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  created_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_by?: unknown;
  /** Accepted and ignored: derived from `deleted_at`. */
  is_deleted?: unknown;
}
/** What `listIntegrationCustomers` can be asked for. */
export interface ListIntegrationCustomersParameters {
  /** The most records of a page. */
  limit?: number;
  /** Where the page begins: `next_cursor` of the page before, unchanged, with the same order and filters. */
  cursor?: string;
  /** Words that a record's names, numbers or notes hold, without regard to case and accents, or a phone number however it is written. The best matches come first unless `sort` is given: a name or number that is the search, then beginnings, words, parts, and what is only alike. */
  q?: string;
  /** Whether deleted records are found as well. */
  include_deleted?: boolean;
  /** Keys to sort by, each once: separated by commas, or each in a parameter `sort` of its own. */
  sort?: IntegrationCustomerOrder | readonly IntegrationCustomerOrder[];
  /** Identifier: the entity's prefix and a UUIDv7, so ids sort by creation. Given by the gateway. */
  id?: ContactIdFilter | null;
  /** Company as free text, where there is no account. */
  company?: TextFilter | null;
  /** Website of the person or company, http or https. */
  website?: TextFilter | null;
  /** Salutation, e.g. `Dr.`. */
  title?: TextFilter | null;
  /** Given name. */
  first_name?: TextFilter | null;
  /** Family name. */
  last_name?: TextFilter | null;
  /** First phone number. */
  phone_1?: TextFilter | null;
  /** Second phone number. */
  phone_2?: TextFilter | null;
  /** Third phone number. */
  phone_3?: TextFilter | null;
  /** Label of the first number, e.g. `Work`. */
  phone_1_label?: TextFilter | null;
  /** Label of the second number. */
  phone_2_label?: TextFilter | null;
  /** Label of the third number. */
  phone_3_label?: TextFilter | null;
  /** Work email. Unique among the live contacts of an account (none counts as one), compared without case. */
  email?: TextFilter | null;
  /** Postal code. */
  postcode?: TextFilter | null;
  /** Street and number. */
  address?: TextFilter | null;
  /** Further address line. */
  address_addition?: TextFilter | null;
  /** City. */
  city?: TextFilter | null;
  /** Country. */
  country?: TextFilter | null;
  /** State or region. */
  state?: TextFilter | null;
  /** Where the lead came from. */
  lead_origin?: TextFilter | null;
  /** Birthday. */
  birthday?: DateFilter | null;
  /** The tenant that owns the record. Comes from the credential, never from input. */
  tenant_id?: TenantIdFilter | null;
  /** Notes, at most 100,000 characters. */
  note?: TextFilter | null;
  /** When the record was created (UTC, milliseconds). */
  created_at?: DateTimeFilter | null;
  /** When the record was last written (UTC, milliseconds). */
  updated_at?: DateTimeFilter | null;
}
/** A new customer: a person, kept as a contact. */
export interface CreateIntegrationCustomerInput {
  /** Accepted and ignored: kept by the gateway. */
  id?: unknown;
  /** Company as free text, where there is no account. */
  company?: string | null;
  /** Website of the person or company, http or https. */
  website?: string | null;
  /** Salutation, e.g. `Dr.`. */
  title?: string | null;
  /** Given name. */
  first_name?: string | null;
  /** Family name. */
  last_name: string;
  /** First phone number, kept as it is sent. */
  phone_1?: string | null;
  /** Second phone number. */
  phone_2?: string | null;
  /** Third phone number. */
  phone_3?: string | null;
  /** Label of the first number, e.g. `Work`. */
  phone_1_label?: string | null;
  /** Label of the second number. */
  phone_2_label?: string | null;
  /** Label of the third number. */
  phone_3_label?: string | null;
  /** Work email. Unique among the live contacts of an account (none counts as one), compared without case. */
  email?: string | null;
  /** Postal code. */
  postcode?: string | null;
  /** Street and number. */
  address?: string | null;
  /** Further address line. */
  address_addition?: string | null;
  /** City. */
  city?: string | null;
  /** Country. */
  country?: string | null;
  /** State or region. */
  state?: string | null;
  /** Where the lead came from. */
  lead_origin?: string | null;
  /** Birthday. */
  birthday?: string | Date | null;
  /** Accepted and ignored: kept by the gateway. */
  tenant_id?: unknown;
  /** Notes, at most 100,000 characters. */
  note?: string | null;
  /** Accepted and ignored: kept by the gateway. */
  created_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  last_interaction_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  merged_into_id?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  app_id?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  schema_version?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  version?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  created_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_by?: unknown;
  /** Accepted and ignored: derived from `deleted_at`. */
  is_deleted?: unknown;
}
/** A person, kept as a contact. */
export interface IntegrationCustomer {
  /** Identifier: a UUIDv7, so ids sort by creation. Given by the gateway. */
  id: string;
  /** Company as free text, where there is no account. */
  company: string | null;
  /** Website of the person or company, http or https. */
  website: string | null;
  /** Salutation, e.g. `Dr.`. */
  title: string | null;
  /** Given name. */
  first_name: string | null;
  /** Family name. */
  last_name: string | null;
  /** First phone number. */
  phone_1: string | null;
  /** Second phone number. */
  phone_2: string | null;
  /** Third phone number. */
  phone_3: string | null;
  /** Label of the first number, e.g. `Work`. */
  phone_1_label: string | null;
  /** Label of the second number. */
  phone_2_label: string | null;
  /** Label of the third number. */
  phone_3_label: string | null;
  /** Work email. Unique among the live contacts of an account (none counts as one), compared without case. */
  email: string | null;
  /** Postal code. */
  postcode: string | null;
  /** Street and number. */
  address: string | null;
  /** Further address line. */
  address_addition: string | null;
  /** City. */
  city: string | null;
  /** Country. */
  country: string | null;
  /** State or region. */
  state: string | null;
  /** Where the lead came from. */
  lead_origin: string | null;
  /** Birthday. */
  birthday: string | null;
  /** The tenant that owns the record. Comes from the credential, never from input. */
  tenant_id: string;
  /** Notes, at most 100,000 characters. */
  note: string | null;
  /** When the record was created (UTC, six decimals). */
  created_at: string;
  /** When the record was last written (UTC, six decimals). */
  updated_at: string;
}
/** What `listCustomers` can be asked for. */
export interface ListCustomersParameters {
  /** The most records of a page. */
  limit?: number;
  /** Where the page begins: `next_cursor` of the page before, unchanged, with the same order and filters. */
  cursor?: string;
  /** What kind of customer an account is. */
  account_type?: "business" | "individual";
  /** What to show: the name, else the legal name, domain, email or id. Never null, always derived. */
  display_name?: string;
  /** Main email. Unique among the tenant's live accounts, compared without case. */
  email?: string;
  /** Main phone number, as it was given. */
  phone?: string;
}
/** A new customer: an account with its primary contact. */
export interface CreateCustomerInput {
  /** Whether the customer is an organization or a person. */
  account_type: "business" | "individual";
  /** What to show; else `company_name`, else `first_name last_name`. */
  display_name?: string | null;
  /** Name of the company. */
  company_name?: string | null;
  /** Given name of the primary contact. */
  first_name?: string | null;
  /** Family name of the primary contact. */
  last_name?: string | null;
  /** Email of the customer and of its primary contact; unique among live accounts. */
  email: string;
  /** Phone number of both, kept as it is sent. */
  phone: string;
  /** Accepted and ignored: kept by the gateway. */
  id?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  tenant_id?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  last_activity_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  merged_into_id?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  app_id?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  schema_version?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  version?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  created_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  created_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  updated_by?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_at?: unknown;
  /** Accepted and ignored: kept by the gateway. */
  deleted_by?: unknown;
  /** Accepted and ignored: derived from `deleted_at`. */
  is_deleted?: unknown;
  /** Accepted and ignored: it is the credential's. */
  organization_id?: unknown;
}
/** One record. */
export interface CustomerAnswer {
  data: Customer;
}
/** An account, shown as a customer. */
export interface Customer {
  /** Identifier: a UUIDv7, so ids sort by creation. Given by the gateway. */
  id: string;
  /** The tenant that owns the record. Comes from the credential, never from input. */
  organization_id: string;
  /** Whether the customer is an organization or a person. */
  account_type: "business" | "individual";
  /** What to show: the name, else the legal name, domain, email or id. Never null, always derived. */
  display_name: string;
  /** Main email. Unique among the tenant's live accounts, compared without case. */
  email: string | null;
  /** Main phone number, as it was given. */
  phone: string | null;
  /** When the record was created (UTC, milliseconds). */
  created_at: string;
}
/** What `exportEverything` can be asked for. */
export interface ExportEverythingParameters {
  /** Whether deleted records are found as well. */
  include_deleted?: boolean;
}
/** What `exportAccounts` can be asked for. */
export interface ExportAccountsParameters {
  /** Words that a record's names, numbers or notes hold, without regard to case and accents, or a phone number however it is written. The best matches come first unless `sort` is given: a name or number that is the search, then beginnings, words, parts, and what is only alike. */
  q?: string;
  /** Whether deleted records are found as well. */
  include_deleted?: boolean;
  /** `ndjson`: one record a line as lists show it, and a last line with their number. `csv`: RFC 4180 with a header row. */
  format?: "csv" | "ndjson";
  /** `true` leaves texts in CSV as they are stored. Otherwise a text that a spreadsheet would run as a formula gets an apostrophe in front. */
  raw?: boolean;
  /** Keys of the record, separated by commas, in the order of the columns; all by default. */
  fields?:
    | (
        | "id"
        | "tenant_id"
        | "app_id"
        | "created_at"
        | "updated_at"
        | "created_by"
        | "updated_by"
        | "source"
        | "source_type"
        | "is_deleted"
        | "deleted_at"
        | "deleted_by"
        | "schema_version"
        | "owner_id"
        | "name"
        | "legal_name"
        | "industry"
        | "sub_industry"
        | "website"
        | "domain"
        | "phone"
        | "addresses"
        | "annual_revenue"
        | "employee_count"
        | "lifecycle_stage"
        | "lead_source"
        | "health_score"
        | "parent_account_id"
        | "description"
        | "last_activity_at"
        | "first_contacted_at"
        | "custom_fields"
        | "tags"
        | "version"
        | "external_id"
        | "display_name"
        | "account_type"
        | "email"
        | "merged_into_id"
      )
    | readonly [];
  /** Keys to sort by, each once: separated by commas, or each in a parameter `sort` of its own. */
  sort?: AccountOrder | readonly AccountOrder[];
  /** Identifier: the entity's prefix and a UUIDv7, so ids sort by creation. Given by the gateway. */
  id?: AccountIdFilter | null;
  /** The tenant that owns the record. Comes from the credential, never from input. */
  tenant_id?: TenantIdFilter | null;
  /** The application whose credential wrote the record (`app-…`); null when written by a person. */
  app_id?: TextFilter | null;
  /** When the record was created (UTC, milliseconds). */
  created_at?: DateTimeFilter | null;
  /** When the record was last written (UTC, milliseconds). */
  updated_at?: DateTimeFilter | null;
  /** The creator: the caller's `sub`, or the id of the API key. */
  created_by?: TextFilter | null;
  /** The last writer: the caller's `sub`, or the id of the API key. */
  updated_by?: TextFilter | null;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source?: TextFilter | null;
  /** The kind of the writer. */
  source_type?: SourceTypeFilter | null;
  /** `true`: only deleted records, `false`: only others. */
  is_deleted?: boolean;
  /** When the record was soft-deleted. Null while it is not deleted. Lists have deleted records only with `include_deleted`. */
  deleted_at?: DateTimeFilter | null;
  /** The caller who deleted it (a `sub` or an API key's id). Null unless it is deleted. */
  deleted_by?: TextFilter | null;
  /** Version of the record's shape; 1 today. */
  schema_version?: IntegerFilter | null;
  /** Who owns the account (`usr-…`). */
  owner_id?: TextFilter | null;
  /** Company or customer name. */
  name?: TextFilter | null;
  /** Full registered legal name. */
  legal_name?: TextFilter | null;
  /** Industry: a NAICS code or free text. */
  industry?: TextFilter | null;
  /** Secondary industry. */
  sub_industry?: TextFilter | null;
  /** Public website, http or https. */
  website?: TextFilter | null;
  /** Email domain in lower case and punycode, without scheme or `www.`: contacts with such an email are attached to the account. */
  domain?: TextFilter | null;
  /** Main phone number, as it was given. */
  phone?: TextFilter | null;
  /** Estimated yearly revenue in USD. */
  annual_revenue?: DecimalFilter | null;
  /** Approximate number of employees. */
  employee_count?: IntegerFilter | null;
  /** Where the customer relationship stands, e.g. `prospect`, `customer`. */
  lifecycle_stage?: TextFilter | null;
  /** How the account was first won, e.g. `inbound`, `event`, `referral`. */
  lead_source?: TextFilter | null;
  /** Health as customer success sees it. */
  health_score?: TextFilter | null;
  /** The account it is a subsidiary of. */
  parent_account_id?: AccountIdFilter | null;
  /** Notes about the account, at most 100,000 characters. */
  description?: TextFilter | null;
  /** Time of the latest live activity; derived. */
  last_activity_at?: DateTimeFilter | null;
  /** Time of the first contact; set by the first activity when empty. */
  first_contacted_at?: DateTimeFilter | null;
  /** The tenant's own fields as a JSON object: at most 64 KB and 20 levels deep. */
  custom_fields?: InsideFilters;
  /** One of them. Free-form labels: unique, each at most 64 characters, at most 100. */
  tags?: TextListFilter;
  /** Starts at 1 and grows by one with every write. Send it with an update: if it is not the current one any more, nothing is written, and the answer is a conflict. */
  version?: IntegerFilter | null;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id?: TextFilter | null;
  /** What to show: the name, else the legal name, domain, email or id. Never null, always derived. */
  display_name?: TextFilter | null;
  /** Whether the customer is an organization or a person. */
  account_type?: AccountTypeFilter | null;
  /** Main email. Unique among the tenant's live accounts, compared without case. */
  email?: TextFilter | null;
  /** The record that this one was merged into. The records of this one belong to it now. A merged record is deleted, and cannot be restored. */
  merged_into_id?: AccountIdFilter | null;
}
/** What `exportContacts` can be asked for. */
export interface ExportContactsParameters {
  /** Words that a record's names, numbers or notes hold, without regard to case and accents, or a phone number however it is written. The best matches come first unless `sort` is given: a name or number that is the search, then beginnings, words, parts, and what is only alike. */
  q?: string;
  /** Whether deleted records are found as well. */
  include_deleted?: boolean;
  /** `ndjson`: one record a line as lists show it, and a last line with their number. `csv`: RFC 4180 with a header row. */
  format?: "csv" | "ndjson";
  /** `true` leaves texts in CSV as they are stored. Otherwise a text that a spreadsheet would run as a formula gets an apostrophe in front. */
  raw?: boolean;
  /** Keys of the record, separated by commas, in the order of the columns; all by default. */
  fields?:
    | (
        | "id"
        | "tenant_id"
        | "app_id"
        | "created_at"
        | "updated_at"
        | "created_by"
        | "updated_by"
        | "source"
        | "source_type"
        | "is_deleted"
        | "deleted_at"
        | "deleted_by"
        | "schema_version"
        | "account_id"
        | "first_name"
        | "last_name"
        | "display_name"
        | "email"
        | "phone"
        | "job_title"
        | "seniority"
        | "decision_role"
        | "is_primary"
        | "linkedin_url"
        | "reports_to_contact_id"
        | "last_interaction_at"
        | "opted_in"
        | "opted_in_at"
        | "gdpr_consent"
        | "custom_fields"
        | "tags"
        | "version"
        | "external_id"
        | "title"
        | "phone_1_label"
        | "phone_2"
        | "phone_2_label"
        | "phone_3"
        | "phone_3_label"
        | "company"
        | "website"
        | "address"
        | "address_addition"
        | "postcode"
        | "city"
        | "state"
        | "country"
        | "lead_origin"
        | "birthday"
        | "note"
        | "merged_into_id"
        | "phone_1"
      )
    | readonly [];
  /** Keys to sort by, each once: separated by commas, or each in a parameter `sort` of its own. */
  sort?: ContactOrder | readonly ContactOrder[];
  /** Identifier: the entity's prefix and a UUIDv7, so ids sort by creation. Given by the gateway. */
  id?: ContactIdFilter | null;
  /** The tenant that owns the record. Comes from the credential, never from input. */
  tenant_id?: TenantIdFilter | null;
  /** The application whose credential wrote the record (`app-…`); null when written by a person. */
  app_id?: TextFilter | null;
  /** When the record was created (UTC, milliseconds). */
  created_at?: DateTimeFilter | null;
  /** When the record was last written (UTC, milliseconds). */
  updated_at?: DateTimeFilter | null;
  /** The creator: the caller's `sub`, or the id of the API key. */
  created_by?: TextFilter | null;
  /** The last writer: the caller's `sub`, or the id of the API key. */
  updated_by?: TextFilter | null;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source?: TextFilter | null;
  /** The kind of the writer. */
  source_type?: SourceTypeFilter | null;
  /** `true`: only deleted records, `false`: only others. */
  is_deleted?: boolean;
  /** When the record was soft-deleted. Null while it is not deleted. Lists have deleted records only with `include_deleted`. */
  deleted_at?: DateTimeFilter | null;
  /** The caller who deleted it (a `sub` or an API key's id). Null unless it is deleted. */
  deleted_by?: TextFilter | null;
  /** Version of the record's shape; 1 today. */
  schema_version?: IntegerFilter | null;
  /** The account the person belongs to; null for none. */
  account_id?: AccountIdFilter | null;
  /** Given name. */
  first_name?: TextFilter | null;
  /** Family name. */
  last_name?: TextFilter | null;
  /** What to show: what was set by hand, else `first last`, email, phone or id. Never null. */
  display_name?: TextFilter | null;
  /** Work email. Unique among the live contacts of an account (none counts as one), compared without case. */
  email?: TextFilter | null;
  /** First phone number. */
  phone?: TextFilter | null;
  /** Job title. */
  job_title?: TextFilter | null;
  /** Seniority at the company. */
  seniority?: TextFilter | null;
  /** Part the person plays in decisions on deals. */
  decision_role?: TextFilter | null;
  /** Whether this is the account's primary contact; at most one live contact is. */
  is_primary?: BooleanFilter | null;
  /** LinkedIn profile. */
  linkedin_url?: TextFilter | null;
  /** The person's manager, at the same account. */
  reports_to_contact_id?: ContactIdFilter | null;
  /** Time of the latest live activity with the person; derived. */
  last_interaction_at?: DateTimeFilter | null;
  /** Whether the person agreed to marketing messages (GDPR, CASL). */
  opted_in?: BooleanFilter | null;
  /** When the person agreed; set when `opted_in` turns true. */
  opted_in_at?: DateTimeFilter | null;
  /** The tenant's own fields as a JSON object: at most 64 KB and 20 levels deep. */
  custom_fields?: InsideFilters;
  /** One of them. Free-form labels: unique, each at most 64 characters, at most 100. */
  tags?: TextListFilter;
  /** Starts at 1 and grows by one with every write. Send it with an update: if it is not the current one any more, nothing is written, and the answer is a conflict. */
  version?: IntegerFilter | null;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id?: TextFilter | null;
  /** Salutation, e.g. `Dr.`. */
  title?: TextFilter | null;
  /** Label of the first number, e.g. `Work`. */
  phone_1_label?: TextFilter | null;
  /** Second phone number. */
  phone_2?: TextFilter | null;
  /** Label of the second number. */
  phone_2_label?: TextFilter | null;
  /** Third phone number. */
  phone_3?: TextFilter | null;
  /** Label of the third number. */
  phone_3_label?: TextFilter | null;
  /** Company as free text, where there is no account. */
  company?: TextFilter | null;
  /** Website of the person or company, http or https. */
  website?: TextFilter | null;
  /** Street and number. */
  address?: TextFilter | null;
  /** Further address line. */
  address_addition?: TextFilter | null;
  /** Postal code. */
  postcode?: TextFilter | null;
  /** City. */
  city?: TextFilter | null;
  /** State or region. */
  state?: TextFilter | null;
  /** Country. */
  country?: TextFilter | null;
  /** Where the lead came from. */
  lead_origin?: TextFilter | null;
  /** Birthday. */
  birthday?: DateFilter | null;
  /** Notes, at most 100,000 characters. */
  note?: TextFilter | null;
  /** The record that this one was merged into. The records of this one belong to it now. A merged record is deleted, and cannot be restored. */
  merged_into_id?: ContactIdFilter | null;
  /** First phone number. */
  phone_1?: TextFilter | null;
}
/** What `exportDeals` can be asked for. */
export interface ExportDealsParameters {
  /** Words that a record's names, numbers or notes hold, without regard to case and accents, or a phone number however it is written. The best matches come first unless `sort` is given: a name or number that is the search, then beginnings, words, parts, and what is only alike. */
  q?: string;
  /** Whether deleted records are found as well. */
  include_deleted?: boolean;
  /** `ndjson`: one record a line as lists show it, and a last line with their number. `csv`: RFC 4180 with a header row. */
  format?: "csv" | "ndjson";
  /** `true` leaves texts in CSV as they are stored. Otherwise a text that a spreadsheet would run as a formula gets an apostrophe in front. */
  raw?: boolean;
  /** Keys of the record, separated by commas, in the order of the columns; all by default. */
  fields?:
    | (
        | "id"
        | "tenant_id"
        | "app_id"
        | "created_at"
        | "updated_at"
        | "created_by"
        | "updated_by"
        | "source"
        | "source_type"
        | "is_deleted"
        | "deleted_at"
        | "deleted_by"
        | "schema_version"
        | "account_id"
        | "owner_id"
        | "name"
        | "deal_number"
        | "pipeline_id"
        | "stage"
        | "value"
        | "currency"
        | "probability"
        | "forecast_category"
        | "expected_close_date"
        | "actual_close_date"
        | "next_followup_date"
        | "deal_type"
        | "deal_source"
        | "competitors"
        | "loss_reason"
        | "loss_category"
        | "closure_notes"
        | "primary_contact_id"
        | "contact_ids"
        | "rfp_record_id"
        | "quote_ids"
        | "proposal_ids"
        | "attachment_refs"
        | "linked_task_ids"
        | "audit_log"
        | "custom_fields"
        | "tags"
        | "version"
        | "external_id"
      )
    | readonly [];
  /** Keys to sort by, each once: separated by commas, or each in a parameter `sort` of its own. */
  sort?: DealOrder | readonly DealOrder[];
  /** Identifier: the entity's prefix and a UUIDv7, so ids sort by creation. Given by the gateway. */
  id?: DealIdFilter | null;
  /** The tenant that owns the record. Comes from the credential, never from input. */
  tenant_id?: TenantIdFilter | null;
  /** The application whose credential wrote the record (`app-…`); null when written by a person. */
  app_id?: TextFilter | null;
  /** When the record was created (UTC, milliseconds). */
  created_at?: DateTimeFilter | null;
  /** When the record was last written (UTC, milliseconds). */
  updated_at?: DateTimeFilter | null;
  /** The creator: the caller's `sub`, or the id of the API key. */
  created_by?: TextFilter | null;
  /** The last writer: the caller's `sub`, or the id of the API key. */
  updated_by?: TextFilter | null;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source?: TextFilter | null;
  /** The kind of the writer. */
  source_type?: SourceTypeFilter | null;
  /** `true`: only deleted records, `false`: only others. */
  is_deleted?: boolean;
  /** When the record was soft-deleted. Null while it is not deleted. Lists have deleted records only with `include_deleted`. */
  deleted_at?: DateTimeFilter | null;
  /** The caller who deleted it (a `sub` or an API key's id). Null unless it is deleted. */
  deleted_by?: TextFilter | null;
  /** Version of the record's shape; 1 today. */
  schema_version?: IntegerFilter | null;
  /** The account the deal is with. */
  account_id?: AccountIdFilter | null;
  /** Who owns the deal (`usr-…`). */
  owner_id?: TextFilter | null;
  /** Name of the deal. */
  name?: TextFilter | null;
  /** Number for people, unique among the tenant's live deals, e.g. `DEAL-2026-00417`. */
  deal_number?: TextFilter | null;
  /** The pipeline it is in, for tenants with several. */
  pipeline_id?: TextFilter | null;
  /** Stage: usually `lead`, `qualified`, `proposal`, `negotiation`, `closed_won` or `closed_lost`. */
  stage?: TextFilter | null;
  /** What the deal is worth, in its currency. */
  value?: DecimalFilter | null;
  /** ISO 4217 code of the value; the tenant's unless given. */
  currency?: TextFilter | null;
  /** Chance to win it, in percent (0–100). */
  probability?: DecimalFilter | null;
  /** Category for revenue planning. */
  forecast_category?: TextFilter | null;
  /** The day it is expected to close. */
  expected_close_date?: DateFilter | null;
  /** The day it closed, in the tenant's time zone; set by a closing stage, cleared by reopening. */
  actual_close_date?: DateFilter | null;
  /** The day of the next follow-up. */
  next_followup_date?: DateFilter | null;
  /** What kind of business it is, e.g. `new`, `renewal`. */
  deal_type?: TextFilter | null;
  /** How it was found, e.g. `inbound`, `rfp`, `referral`. */
  deal_source?: TextFilter | null;
  /** One of them. Names of competing vendors. */
  competitors?: TextListFilter;
  /** Why it was lost; needed for stages that are lost, such as `closed_lost`. */
  loss_reason?: TextFilter | null;
  /** Category of the loss; needed for stages that are lost, such as `closed_lost`. */
  loss_category?: TextFilter | null;
  /** Notes made at closing, at most 100,000 characters. */
  closure_notes?: TextFilter | null;
  /** The main person on the customer's side; one of the deal's contacts. */
  primary_contact_id?: ContactIdFilter | null;
  /** An id that is among them. */
  contact_ids?: ContactIdListFilter;
  /** The request for proposal it came from (`rfp-…`); not a record of this API. */
  rfp_record_id?: TextFilter | null;
  /** An id that is among them. */
  quote_ids?: QuoteIdListFilter;
  /** One of them. Ids of proposals; not records of this API. */
  proposal_ids?: TextListFilter;
  /** One of them. Object keys of attached files. */
  attachment_refs?: TextListFilter;
  /** One of them. Ids of follow-up tasks (`tsk-…`); not records of this API. */
  linked_task_ids?: TextListFilter;
  /** The tenant's own fields as a JSON object: at most 64 KB and 20 levels deep. */
  custom_fields?: InsideFilters;
  /** One of them. Free-form labels: unique, each at most 64 characters, at most 100. */
  tags?: TextListFilter;
  /** Starts at 1 and grows by one with every write. Send it with an update: if it is not the current one any more, nothing is written, and the answer is a conflict. */
  version?: IntegerFilter | null;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id?: TextFilter | null;
}
/** What `exportActivities` can be asked for. */
export interface ExportActivitiesParameters {
  /** Words that a record's names, numbers or notes hold, without regard to case and accents, or a phone number however it is written. The best matches come first unless `sort` is given: a name or number that is the search, then beginnings, words, parts, and what is only alike. */
  q?: string;
  /** Whether deleted records are found as well. */
  include_deleted?: boolean;
  /** `ndjson`: one record a line as lists show it, and a last line with their number. `csv`: RFC 4180 with a header row. */
  format?: "csv" | "ndjson";
  /** `true` leaves texts in CSV as they are stored. Otherwise a text that a spreadsheet would run as a formula gets an apostrophe in front. */
  raw?: boolean;
  /** Keys of the record, separated by commas, in the order of the columns; all by default. */
  fields?:
    | (
        | "id"
        | "tenant_id"
        | "app_id"
        | "created_at"
        | "updated_at"
        | "created_by"
        | "updated_by"
        | "source"
        | "source_type"
        | "is_deleted"
        | "deleted_at"
        | "deleted_by"
        | "schema_version"
        | "account_id"
        | "deal_id"
        | "contact_id"
        | "contact_ids"
        | "activity_type"
        | "subject"
        | "description"
        | "activity_date"
        | "due_date"
        | "completed_at"
        | "status"
        | "priority"
        | "direction"
        | "outcome"
        | "actor_type"
        | "performed_by_user_id"
        | "participants"
        | "linked_trace_id"
        | "attachment_refs"
        | "recurrence"
        | "reminder_sent"
        | "custom_fields"
        | "tags"
        | "version"
        | "type"
        | "owner_id"
        | "notes"
        | "occurred_at"
        | "external_id"
      )
    | readonly [];
  /** Keys to sort by, each once: separated by commas, or each in a parameter `sort` of its own. */
  sort?: ActivityOrder | readonly ActivityOrder[];
  /** Identifier: the entity's prefix and a UUIDv7, so ids sort by creation. Given by the gateway. */
  id?: ActivityIdFilter | null;
  /** The tenant that owns the record. Comes from the credential, never from input. */
  tenant_id?: TenantIdFilter | null;
  /** The application whose credential wrote the record (`app-…`); null when written by a person. */
  app_id?: TextFilter | null;
  /** When the record was created (UTC, milliseconds). */
  created_at?: DateTimeFilter | null;
  /** When the record was last written (UTC, milliseconds). */
  updated_at?: DateTimeFilter | null;
  /** The creator: the caller's `sub`, or the id of the API key. */
  created_by?: TextFilter | null;
  /** The last writer: the caller's `sub`, or the id of the API key. */
  updated_by?: TextFilter | null;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source?: TextFilter | null;
  /** The kind of the writer. */
  source_type?: SourceTypeFilter | null;
  /** `true`: only deleted records, `false`: only others. */
  is_deleted?: boolean;
  /** When the record was soft-deleted. Null while it is not deleted. Lists have deleted records only with `include_deleted`. */
  deleted_at?: DateTimeFilter | null;
  /** The caller who deleted it (a `sub` or an API key's id). Null unless it is deleted. */
  deleted_by?: TextFilter | null;
  /** Version of the record's shape; 1 today. */
  schema_version?: IntegerFilter | null;
  /** The account it belongs to. */
  account_id?: AccountIdFilter | null;
  /** The deal it belongs to. */
  deal_id?: DealIdFilter | null;
  /** The main person involved; one of its contacts. */
  contact_id?: ContactIdFilter | null;
  /** An id that is among them. */
  contact_ids?: ContactIdListFilter;
  /** Kind as free text, where the five types are too coarse. */
  activity_type?: TextTwinFilter | null;
  /** Subject or short title. */
  subject?: TextFilter | null;
  /** What happened; Markdown, at most 100,000 characters. */
  description?: TextFilter | null;
  /** When it happened. */
  activity_date?: DateTimeFilter | null;
  /** When it is due, for tasks. */
  due_date?: DateTimeFilter | null;
  /** When it was completed. */
  completed_at?: DateTimeFilter | null;
  /** Status, e.g. `open`, `completed`. */
  status?: TextFilter | null;
  /** Priority. */
  priority?: TextFilter | null;
  /** `inbound` or `outbound`, for calls and emails. */
  direction?: TextFilter | null;
  /** Outcome. */
  outcome?: TextFilter | null;
  /** Who or what performed it, e.g. `user`, `agent`. */
  actor_type?: TextFilter | null;
  /** Who performed it (`usr-…` or a service account). */
  performed_by_user_id?: TextFilter | null;
  /** Trace id, when an AI wrote it. */
  linked_trace_id?: TextFilter | null;
  /** One of them. Object keys of attached files. */
  attachment_refs?: TextListFilter;
  /** Whether a reminder was sent. */
  reminder_sent?: BooleanFilter | null;
  /** The tenant's own fields as a JSON object: at most 64 KB and 20 levels deep. */
  custom_fields?: InsideFilters;
  /** One of them. Free-form labels: unique, each at most 64 characters, at most 100. */
  tags?: TextListFilter;
  /** Starts at 1 and grows by one with every write. Send it with an update: if it is not the current one any more, nothing is written, and the answer is a conflict. */
  version?: IntegerFilter | null;
  /** What kind of touchpoint it was. */
  type?: ActivityTypeFilter | null;
  /** Who owns it (`usr-…`). */
  owner_id?: TextFilter | null;
  /** What happened; Markdown, at most 100,000 characters. */
  notes?: TextFilter | null;
  /** When it happened. */
  occurred_at?: DateTimeFilter | null;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id?: TextFilter | null;
}
/** What `exportQuotes` can be asked for. */
export interface ExportQuotesParameters {
  /** Words that a record's names, numbers or notes hold, without regard to case and accents, or a phone number however it is written. The best matches come first unless `sort` is given: a name or number that is the search, then beginnings, words, parts, and what is only alike. */
  q?: string;
  /** Whether deleted records are found as well. */
  include_deleted?: boolean;
  /** `ndjson`: one record a line as lists show it, and a last line with their number. `csv`: RFC 4180 with a header row. */
  format?: "csv" | "ndjson";
  /** `true` leaves texts in CSV as they are stored. Otherwise a text that a spreadsheet would run as a formula gets an apostrophe in front. */
  raw?: boolean;
  /** Keys of the record, separated by commas, in the order of the columns; all by default. */
  fields?:
    | (
        | "id"
        | "tenant_id"
        | "app_id"
        | "created_at"
        | "updated_at"
        | "created_by"
        | "updated_by"
        | "source"
        | "source_type"
        | "is_deleted"
        | "deleted_at"
        | "deleted_by"
        | "schema_version"
        | "owner_id"
        | "name"
        | "quote_number"
        | "account_id"
        | "deal_id"
        | "value"
        | "currency"
        | "status"
        | "date_issued"
        | "validity_date"
        | "contract_duration"
        | "is_primary"
        | "notes"
        | "line_items"
        | "custom_fields"
        | "tags"
        | "version"
        | "total"
        | "valid_until"
        | "external_id"
      )
    | readonly [];
  /** Keys to sort by, each once: separated by commas, or each in a parameter `sort` of its own. */
  sort?: QuoteOrder | readonly QuoteOrder[];
  /** Identifier: the entity's prefix and a UUIDv7, so ids sort by creation. Given by the gateway. */
  id?: QuoteIdFilter | null;
  /** The tenant that owns the record. Comes from the credential, never from input. */
  tenant_id?: TenantIdFilter | null;
  /** The application whose credential wrote the record (`app-…`); null when written by a person. */
  app_id?: TextFilter | null;
  /** When the record was created (UTC, milliseconds). */
  created_at?: DateTimeFilter | null;
  /** When the record was last written (UTC, milliseconds). */
  updated_at?: DateTimeFilter | null;
  /** The creator: the caller's `sub`, or the id of the API key. */
  created_by?: TextFilter | null;
  /** The last writer: the caller's `sub`, or the id of the API key. */
  updated_by?: TextFilter | null;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source?: TextFilter | null;
  /** The kind of the writer. */
  source_type?: SourceTypeFilter | null;
  /** `true`: only deleted records, `false`: only others. */
  is_deleted?: boolean;
  /** When the record was soft-deleted. Null while it is not deleted. Lists have deleted records only with `include_deleted`. */
  deleted_at?: DateTimeFilter | null;
  /** The caller who deleted it (a `sub` or an API key's id). Null unless it is deleted. */
  deleted_by?: TextFilter | null;
  /** Version of the record's shape; 1 today. */
  schema_version?: IntegerFilter | null;
  /** Who owns the quote (`usr-…`). */
  owner_id?: TextFilter | null;
  /** Name of the quote. */
  name?: TextFilter | null;
  /** Number for people, unique among the tenant's live quotes, e.g. `Q-2026-00892`. */
  quote_number?: TextFilter | null;
  /** The account the quote is for. */
  account_id?: AccountIdFilter | null;
  /** The deal it belongs to; null for none. */
  deal_id?: DealIdFilter | null;
  /** Sum of its line items' totals; without line items, what was given. */
  value?: DecimalFilter | null;
  /** ISO 4217 code of all its amounts. */
  currency?: TextFilter | null;
  /** Where it stands. An open quote past its validity date reads as expired by the tenant's day, without a write: its history has what was written. */
  status?: QuoteStatusFilter | null;
  /** The day it was first sent. */
  date_issued?: DateFilter | null;
  /** The last day it holds. */
  validity_date?: DateFilter | null;
  /** Contract term it covers, e.g. `12 months`. */
  contract_duration?: TextFilter | null;
  /** Whether it is the deal's primary quote; at most one live quote is. */
  is_primary?: BooleanFilter | null;
  /** Special terms, at most 100,000 characters. */
  notes?: TextFilter | null;
  /** The tenant's own fields as a JSON object: at most 64 KB and 20 levels deep. */
  custom_fields?: InsideFilters;
  /** One of them. Free-form labels: unique, each at most 64 characters, at most 100. */
  tags?: TextListFilter;
  /** Starts at 1 and grows by one with every write. Send it with an update: if it is not the current one any more, nothing is written, and the answer is a conflict. */
  version?: IntegerFilter | null;
  /** Sum of its line items' totals; without line items, what was given. */
  total?: DecimalFilter | null;
  /** The last day it holds. */
  valid_until?: DateFilter | null;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id?: TextFilter | null;
}
/** What `exportLineItems` can be asked for. */
export interface ExportLineItemsParameters {
  /** Words that a record's names, numbers or notes hold, without regard to case and accents, or a phone number however it is written. The best matches come first unless `sort` is given: a name or number that is the search, then beginnings, words, parts, and what is only alike. */
  q?: string;
  /** Whether deleted records are found as well. */
  include_deleted?: boolean;
  /** `ndjson`: one record a line as lists show it, and a last line with their number. `csv`: RFC 4180 with a header row. */
  format?: "csv" | "ndjson";
  /** `true` leaves texts in CSV as they are stored. Otherwise a text that a spreadsheet would run as a formula gets an apostrophe in front. */
  raw?: boolean;
  /** Keys of the record, separated by commas, in the order of the columns; all by default. */
  fields?:
    | (
        | "id"
        | "tenant_id"
        | "app_id"
        | "created_at"
        | "updated_at"
        | "created_by"
        | "updated_by"
        | "source"
        | "source_type"
        | "is_deleted"
        | "deleted_at"
        | "deleted_by"
        | "schema_version"
        | "quote_id"
        | "description"
        | "quantity"
        | "unit_price"
        | "discount"
        | "total"
        | "version"
        | "currency"
        | "external_id"
        | "discount_type"
        | "position"
      )
    | readonly [];
  /** Keys to sort by, each once: separated by commas, or each in a parameter `sort` of its own. */
  sort?: LineItemOrder | readonly LineItemOrder[];
  /** Identifier: the entity's prefix and a UUIDv7, so ids sort by creation. Given by the gateway. */
  id?: LineItemIdFilter | null;
  /** The tenant that owns the record. Comes from the credential, never from input. */
  tenant_id?: TenantIdFilter | null;
  /** The application whose credential wrote the record (`app-…`); null when written by a person. */
  app_id?: TextFilter | null;
  /** When the record was created (UTC, milliseconds). */
  created_at?: DateTimeFilter | null;
  /** When the record was last written (UTC, milliseconds). */
  updated_at?: DateTimeFilter | null;
  /** The creator: the caller's `sub`, or the id of the API key. */
  created_by?: TextFilter | null;
  /** The last writer: the caller's `sub`, or the id of the API key. */
  updated_by?: TextFilter | null;
  /** A tag for the origin of the record. `edm` unless the writer gives another one. */
  source?: TextFilter | null;
  /** The kind of the writer. */
  source_type?: SourceTypeFilter | null;
  /** `true`: only deleted records, `false`: only others. */
  is_deleted?: boolean;
  /** When the record was soft-deleted. Null while it is not deleted. Lists have deleted records only with `include_deleted`. */
  deleted_at?: DateTimeFilter | null;
  /** The caller who deleted it (a `sub` or an API key's id). Null unless it is deleted. */
  deleted_by?: TextFilter | null;
  /** Version of the record's shape; 1 today. */
  schema_version?: IntegerFilter | null;
  /** The quote it belongs to. */
  quote_id?: QuoteIdFilter | null;
  /** What is offered, at most 100,000 characters. */
  description?: TextFilter | null;
  /** How many; not negative. */
  quantity?: DecimalFilter | null;
  /** Price of one, in the quote's currency; not negative: a rebate is a discount. */
  unit_price?: DecimalFilter | null;
  /** Discount: 0–100 percent, or money up to the line's price; see `discount_type`. */
  discount?: DecimalFilter | null;
  /** Quantity × unit price − discount, rounded half up to 4 places, never below 0; derived. */
  total?: DecimalFilter | null;
  /** Starts at 1 and grows by one with every write. Send it with an update: if it is not the current one any more, nothing is written, and the answer is a conflict. */
  version?: IntegerFilter | null;
  /** ISO 4217 code; the quote's. */
  currency?: TextFilter | null;
  /** The record's key in another system, e.g. the one that it came from: unique among the tenant's live records of its kind, compared exactly. A deletion frees it. */
  external_id?: TextFilter | null;
  /** Whether the discount is an amount or a percentage. */
  discount_type?: DiscountTypeFilter | null;
  /** Its place in the quote, from 0. */
  position?: IntegerFilter | null;
}
/** What `listImports` can be asked for. */
export interface ListImportsParameters {
  /** The most records of a page. */
  limit?: number;
  /** Where the page begins: `next_cursor` of the page before, unchanged, with the same order and filters. */
  cursor?: string;
}
/** A file that was sent to be imported, and what became of its rows. */
export interface Import {
  id: string;
  /** What its rows are. */
  entity: "accounts" | "contacts" | "deals" | "activities" | "quotes" | "line-items";
  /** What is done with its rows. */
  mode: "create" | "upsert" | "update";
  /** What a row's record is found by; null if all are new. */
  key: string | null;
  /** Whether nothing is written. */
  dry_run: boolean;
  /** What refused rows do. */
  on_error: "continue" | "abort";
  file_name: string | null;
  /** The length of the file. */
  bytes: number;
  format: "csv" | "ndjson" | "json" | null;
  encoding: string | null;
  /** Of CSV. */
  delimiter: string | null;
  columns: ImportColumn[];
  /** The columns that nothing is made of. */
  unmapped: string[];
  /** How far it is. */
  status: "uploading" | "waiting" | "queued" | "running" | "done" | "failed" | "cancelled";
  /** Why it waits, failed or was cancelled. */
  status_reason: string | null;
  /** Rows of the file, without its header. */
  rows: number;
  /** Rows written, left as they were, or refused. */
  rows_done: number;
  /** Rows that are new records. */
  rows_created: number;
  /** Rows whose record was there and differed from them; it was changed. */
  rows_updated: number;
  /** Rows whose record was as they say; nothing was written of it. */
  rows_unchanged: number;
  /** Rows that were not written. */
  rows_refused: number;
  /** In the last half minute, or in all. */
  rows_per_second: number;
  /** About; null while nobody knows. */
  seconds_left: number | null;
  created_at: string;
  created_by: string;
  started_at: string | null;
  finished_at: string | null;
  /** The path of its refused rows; null without any. */
  errors: string | null;
}
/** A column of a file, and where its cells go. */
export interface ImportColumn {
  /** As the file's header has it. */
  column: string;
  /** A field (`email`), a value of another record (`account.name`) or a key of `custom_fields` (`custom_fields.region`); null when nothing is made of it. */
  field: string | null;
  /** Whether that was guessed from the header. */
  guessed: boolean;
  /** Why the column has no field, or which field it may be. */
  note: string | null;
}
/** What `exportImportErrors` can be asked for. */
export interface ExportImportErrorsParameters {}
