import { entityMutations } from "../../graphql/mutation-fields.ts";
import { quoteWrites } from "./service.ts";

entityMutations(quoteWrites);
