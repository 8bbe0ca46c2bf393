import { implementEntity } from "../../graphql/schema/entity-type.ts";
import { entityQueries } from "../../graphql/schema/query-fields.ts";
import { catalog } from "../catalog.ts";
import { department } from "./model.ts";

implementEntity(catalog, department);
entityQueries(department);
