import { catalog } from "../../modules/catalog.ts";
import { builder } from "./builder.ts";
import "./scalars.ts";
import { declareEntities } from "./entity-type.ts";
import { nodeQueries } from "./query-fields.ts";
import { searchQuery } from "./search-query.ts";

// Imported before the modules' types: every entity's type must be there before one names another.
builder.queryType({
  description: "Everything a caller can ask. All of it lies within the credential's tenant.",
});
builder.mutationType({
  description:
    "Everything a caller can change. Each field is one transaction. With an `Idempotency-Key` header a request can be repeated for 24 hours without writing twice.",
});
declareEntities(catalog);
nodeQueries(catalog);
searchQuery(catalog);
