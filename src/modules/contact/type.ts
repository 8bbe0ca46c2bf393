import { duplicateFields } from "../../graphql/schema/duplicate-fields.ts";
import { implementEntity } from "../../graphql/schema/entity-type.ts";
import { entityQueries } from "../../graphql/schema/query-fields.ts";
import { catalog } from "../catalog.ts";
import { contactDuplicates } from "./duplicates.ts";
import { contact } from "./model.ts";

implementEntity(catalog, contact);
entityQueries(contact);
duplicateFields(contactDuplicates);
