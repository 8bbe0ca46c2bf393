import { entityMutations } from "../../graphql/schema/mutation-fields.ts";
import { lineItemWrites } from "./service.ts";

entityMutations(lineItemWrites);
