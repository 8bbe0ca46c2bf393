import "./graphql/schema/declare.ts";
import "./modules/tenant/type.ts";
import "./modules/account/type.ts";
import "./modules/contact/type.ts";
import "./modules/deal/type.ts";
import "./modules/stage-change/type.ts";
import "./modules/activity/type.ts";
import "./modules/quote/type.ts";
import "./modules/line-item/type.ts";
import "./modules/department/type.ts";
import "./modules/api-key/type.ts";
import "./modules/change-event/type.ts";
import "./modules/account/mutations.ts";
import "./modules/contact/mutations.ts";
import "./modules/deal/mutations.ts";
import "./modules/activity/mutations.ts";
import "./modules/quote/mutations.ts";
import "./modules/line-item/mutations.ts";
import "./modules/customer/mutations.ts";
import "./modules/department/mutations.ts";
import "./modules/api-key/mutations.ts";
import { countingAnswers } from "./graphql/limits/answer-size.ts";
import { builder } from "./graphql/schema/builder.ts";

/** The GraphQL schema: what the modules declare, put together. */
export const schema = countingAnswers(builder.toSchema());
