import { entityInputs } from "../entity-inputs.ts";
import { lineItem } from "./model.ts";

export const lineItemInputs = entityInputs(lineItem, { required: ["quote_id"] });
