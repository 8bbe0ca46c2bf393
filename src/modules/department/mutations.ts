import { entityMutations } from "../../graphql/schema/mutation-fields.ts";
import { departmentWrites } from "./service.ts";

entityMutations(departmentWrites, { update: false, batches: false });
