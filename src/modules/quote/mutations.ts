import { entityMutations } from "../../graphql/schema/mutation-fields.ts";
import { quoteWrites } from "./service.ts";

entityMutations(quoteWrites);
