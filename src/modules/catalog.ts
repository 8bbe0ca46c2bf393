import { Catalog } from "../model/catalog.ts";
import { account } from "./account/model.ts";
import { activity } from "./activity/model.ts";
import { apiKey } from "./api-key/model.ts";
import { changeEvent } from "./change-event/model.ts";
import { contact } from "./contact/model.ts";
import { deal } from "./deal/model.ts";
import { department } from "./department/model.ts";
import { lineItem } from "./line-item/model.ts";
import { quote } from "./quote/model.ts";
import { stageChange } from "./stage-change/model.ts";
import { tenant } from "./tenant/model.ts";
import { webhook } from "./webhook/model.ts";

const entities = [
  tenant,
  account,
  contact,
  deal,
  stageChange,
  activity,
  quote,
  lineItem,
  department,
  apiKey,
  changeEvent,
];

/** Every entity there is. An entity that is not listed here does not exist for the read engine or the graph. */
export const catalog = new Catalog(entities, [webhook]);
