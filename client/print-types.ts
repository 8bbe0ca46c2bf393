import { readFile } from "node:fs/promises";
import { typesOf, type OpenApiDocument } from "./generate.ts";

// Prints src/openapi.ts, which `npm run client:types` writes and `npm run client:check` compares.
const text = await readFile(new URL("openapi.json", import.meta.url), "utf8");
const document: OpenApiDocument = JSON.parse(text);
process.stdout.write(await typesOf(document));
