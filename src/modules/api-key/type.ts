import { implementEntity } from "../../graphql/schema/entity-type.ts";
import { entityQueries } from "../../graphql/schema/query-fields.ts";
import { catalog } from "../catalog.ts";
import { apiKey } from "./model.ts";

implementEntity(catalog, apiKey);
entityQueries(apiKey);
