import { implementEntity } from "../../graphql/entity-type.ts";
import { entityQueries } from "../../graphql/query-fields.ts";
import { catalog } from "../catalog.ts";
import { quote } from "./model.ts";

implementEntity(catalog, quote);
entityQueries(quote);
