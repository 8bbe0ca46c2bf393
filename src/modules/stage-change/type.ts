import { implementEntity } from "../../graphql/entity-type.ts";
import { catalog } from "../catalog.ts";
import { stageChange } from "./model.ts";

implementEntity(catalog, stageChange);
