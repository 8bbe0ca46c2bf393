import { implementEntity } from "../../graphql/entity-type.ts";
import { entityQueries } from "../../graphql/query-fields.ts";
import { catalog } from "../catalog.ts";
import { deal } from "./model.ts";

implementEntity(catalog, deal);
entityQueries(deal);
