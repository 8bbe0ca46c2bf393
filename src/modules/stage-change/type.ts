import { implementEntity } from "../../graphql/schema/entity-type.ts";
import { catalog } from "../catalog.ts";
import { stageChange } from "./model.ts";

implementEntity(catalog, stageChange);
