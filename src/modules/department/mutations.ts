import { entityMutations } from "../../graphql/mutation-fields.ts";
import { departmentWrites } from "./service.ts";

entityMutations(departmentWrites, { update: false, batches: false });
