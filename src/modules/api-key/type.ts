import { implementEntity } from "../../graphql/entity-type.ts";
import { entityQueries } from "../../graphql/query-fields.ts";
import { catalog } from "../catalog.ts";
import { apiKey } from "./model.ts";

implementEntity(catalog, apiKey);
entityQueries(apiKey);
