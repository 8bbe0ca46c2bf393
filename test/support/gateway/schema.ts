import { catalog } from "../../../src/modules/catalog.ts";
import { createSchema } from "../../../src/schema.ts";

/** The product's schema. */
export const schema = createSchema(catalog);
/** The same with `FEDERATION=on`. */
export const subgraph = () => createSchema(catalog, { federation: true });
