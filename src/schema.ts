import type { GraphQLSchema } from "graphql";
import { countingAnswers } from "./graphql/limits/answer-size.ts";
import { declareFederation } from "./graphql/schema/federation.ts";
import { runningOnce } from "./graphql/schema/run-once.ts";
import { declareSchema } from "./graphql/schema/declare-schema.ts";
import { ignoredLast } from "./graphql/schema/ignored-last.ts";
import type { Catalog } from "./model/catalog.ts";
import { declareAccountMutations } from "./modules/account/mutations.ts";
import { declareAccount } from "./modules/account/type.ts";
import { declareActivityMutations } from "./modules/activity/mutations.ts";
import { declareActivity } from "./modules/activity/type.ts";
import { declareApiKeyMutations } from "./modules/api-key/mutations.ts";
import { declareApiKey } from "./modules/api-key/type.ts";
import { declareSubscriptions } from "./modules/change-event/subscriptions.ts";
import { declareChangeEvent } from "./modules/change-event/type.ts";
import { declareContactMutations } from "./modules/contact/mutations.ts";
import { declareContact } from "./modules/contact/type.ts";
import { declareCustomerMutations } from "./modules/customer/mutations.ts";
import { declareDealMutations } from "./modules/deal/mutations.ts";
import { declareDeal } from "./modules/deal/type.ts";
import { declareDepartmentMutations } from "./modules/department/mutations.ts";
import { declareDepartment } from "./modules/department/type.ts";
import { declareImportMutations } from "./modules/import/mutations.ts";
import { declareImport } from "./modules/import/type.ts";
import { declarePicklistMutations } from "./modules/picklist/mutations.ts";
import { declarePicklist } from "./modules/picklist/type.ts";
import { declareLineItemMutations } from "./modules/line-item/mutations.ts";
import { declareLineItem } from "./modules/line-item/type.ts";
import { declareQuoteMutations } from "./modules/quote/mutations.ts";
import { declareQuote } from "./modules/quote/type.ts";
import { declareStageChange } from "./modules/stage-change/type.ts";
import { declareTagMutations } from "./modules/tag/mutations.ts";
import { declareWebhookMutations } from "./modules/webhook/mutations.ts";
import { declareWebhook } from "./modules/webhook/type.ts";
import { declareTenant } from "./modules/tenant/type.ts";

/** The schema's own description, which explorers show first. */
const introduction = `The CRM of one tenant as one graph: accounts, contacts, deals, activities, quotes and line items. The credential names the tenant, and says what may be read and written (scopes).

- Lists are connections. They take \`where\`, \`orderBy\`, \`search\`, \`first\` and \`after\`, at most 100 records a page.
- Inputs of mutations have the names of REST (\`account_id\`). The errors of an input are in the payload's \`userErrors\`.
- A list or a record at the root that fails is null, with its error in \`errors\`; the other fields are answered.
- Each field costs points. \`extensions.cost\` of an answer tells how many.`;

type SchemaOptions = {
  /** Whether it is a subgraph of Apollo Federation 2. */
  readonly federation?: boolean;
};

/** The GraphQL schema of a catalog: what the modules declare, put together. */
export function createSchema(
  catalog: Catalog,
  { federation = false }: SchemaOptions = {},
): GraphQLSchema {
  const schema = declareSchema(catalog);
  for (const declare of [
    declareTenant,
    declareAccount,
    declareContact,
    declareDeal,
    declareStageChange,
    declareActivity,
    declareQuote,
    declareLineItem,
    declareDepartment,
    declareApiKey,
    declareChangeEvent,
    declareWebhook,
    declareImport,
    declarePicklist,
    declareAccountMutations,
    declareContactMutations,
    declareDealMutations,
    declareActivityMutations,
    declareQuoteMutations,
    declareLineItemMutations,
    declareCustomerMutations,
    declareDepartmentMutations,
    declareApiKeyMutations,
    declareTagMutations,
    declareSubscriptions,
    declareWebhookMutations,
    declareImportMutations,
    declarePicklistMutations,
  ]) {
    declare(schema);
  }
  if (federation) declareFederation(schema);
  const built = ignoredLast(schema.builder.toSchema());
  built.description = introduction;
  return countingAnswers(runningOnce(built));
}
