import { entityMutations } from "../../graphql/schema/mutation-fields.ts";
import { dealWrites } from "./service.ts";

entityMutations(dealWrites);
