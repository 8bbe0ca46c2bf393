import { entityMutations } from "../../graphql/mutation-fields.ts";
import { lineItemWrites } from "./service.ts";

entityMutations(lineItemWrites);
