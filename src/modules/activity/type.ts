import { implementEntity } from "../../graphql/entity-type.ts";
import { entityQueries } from "../../graphql/query-fields.ts";
import { catalog } from "../catalog.ts";
import { activity } from "./model.ts";

implementEntity(catalog, activity);
entityQueries(activity);
