import { implementEntity } from "../../graphql/schema/entity-type.ts";
import { entityQueries } from "../../graphql/schema/query-fields.ts";
import { catalog } from "../catalog.ts";
import { lineItem } from "./model.ts";

implementEntity(catalog, lineItem);
entityQueries(lineItem);
