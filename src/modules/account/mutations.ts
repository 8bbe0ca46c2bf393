import { mergeMutation } from "../../graphql/merge-fields.ts";
import { entityMutations } from "../../graphql/mutation-fields.ts";
import { accountWrites } from "./service.ts";

entityMutations(accountWrites);
mergeMutation(accountWrites);
