// Runs an import until it has ended, in a process that is killed meanwhile: node run-process.ts <url> <tenant> <import>.
import { tellOfCitus } from "../run/tell-of-citus.ts";
import { Importer } from "./importer.ts";

const [, , url = "", tenantId = "", id = ""] = process.argv;
await tellOfCitus(url);
const importer = new Importer(url);
importer.queue.push({ tenantId, id });
await importer.runAll();
await importer.close();
