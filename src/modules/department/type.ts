import { implementEntity } from "../../graphql/entity-type.ts";
import { entityQueries } from "../../graphql/query-fields.ts";
import { catalog } from "../catalog.ts";
import { department } from "./model.ts";

implementEntity(catalog, department);
entityQueries(department);
