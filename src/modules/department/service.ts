import type { EntityWrites } from "../../write/entity-writes.ts";
import { departmentInputs } from "./inputs.ts";
import { department } from "./model.ts";

/** How departments are written: created, and no more. */
export const departmentWrites: EntityWrites = {
  entity: department,
  inputs: departmentInputs,
};
