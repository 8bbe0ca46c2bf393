import { entityMutations } from "../../graphql/mutation-fields.ts";
import { accountWrites } from "./service.ts";

entityMutations(accountWrites);
