import { mergeMutation } from "../../graphql/schema/merge-fields.ts";
import { entityMutations } from "../../graphql/schema/mutation-fields.ts";
import { contactWrites } from "./service.ts";

entityMutations(contactWrites);
mergeMutation(contactWrites);
