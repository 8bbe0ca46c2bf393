import { mergeMutation } from "../../graphql/merge-fields.ts";
import { entityMutations } from "../../graphql/mutation-fields.ts";
import { contactWrites } from "./service.ts";

entityMutations(contactWrites);
mergeMutation(contactWrites);
