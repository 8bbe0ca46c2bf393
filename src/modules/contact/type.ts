import { duplicateFields } from "../../graphql/duplicate-fields.ts";
import { implementEntity } from "../../graphql/entity-type.ts";
import { entityQueries } from "../../graphql/query-fields.ts";
import { catalog } from "../catalog.ts";
import { contactDuplicates } from "./duplicates.ts";
import { contact } from "./model.ts";

implementEntity(catalog, contact);
entityQueries(contact);
duplicateFields(contactDuplicates);
