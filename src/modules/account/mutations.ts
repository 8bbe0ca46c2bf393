import { mergeMutation } from "../../graphql/schema/merge-fields.ts";
import { entityMutations } from "../../graphql/schema/mutation-fields.ts";
import { accountWrites } from "./service.ts";

entityMutations(accountWrites);
mergeMutation(accountWrites);
