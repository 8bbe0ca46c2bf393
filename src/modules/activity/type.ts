import { implementEntity } from "../../graphql/schema/entity-type.ts";
import { entityQueries } from "../../graphql/schema/query-fields.ts";
import { catalog } from "../catalog.ts";
import { activity } from "./model.ts";

implementEntity(catalog, activity);
entityQueries(activity);
