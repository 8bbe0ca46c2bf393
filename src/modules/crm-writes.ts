import type { EntityWrites } from "../write/entity-writes.ts";
import { accountWrites } from "./account/service.ts";
import { activityWrites } from "./activity/service.ts";
import { contactWrites } from "./contact/service.ts";
import { dealWrites } from "./deal/service.ts";
import { lineItemWrites } from "./line-item/service.ts";
import { quoteWrites } from "./quote/service.ts";

/** How the records of the CRM are written, by their names, those first that others name. */
export const crmWrites: ReadonlyMap<string, EntityWrites> = new Map<string, EntityWrites>(
  [accountWrites, contactWrites, dealWrites, activityWrites, quoteWrites, lineItemWrites].map(
    (writes) => [writes.entity.name, writes],
  ),
);
