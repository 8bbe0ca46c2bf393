import { entityMutations } from "../../graphql/mutation-fields.ts";
import { dealWrites } from "./service.ts";

entityMutations(dealWrites);
