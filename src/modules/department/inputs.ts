import { entityInputs } from "../entity-inputs.ts";
import { department } from "./model.ts";

export const departmentInputs = entityInputs(department, { required: ["name"] });
