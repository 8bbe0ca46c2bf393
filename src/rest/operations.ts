import { crmFace } from "./crm/face.ts";
import { customersFace } from "./customers/face.ts";
import { exports } from "./export/operations.ts";
import { operationsOf, type Face, type Operation } from "./face.ts";
import { importOperations } from "./imports/operations.ts";
import { integrationFace } from "./integration/face.ts";

/** The REST APIs. */
export const faces: readonly Face[] = [crmFace, integrationFace, customersFace];

/** Everything that can be asked of them, but for exports. */
export const operations: readonly Operation[] = faces.flatMap(operationsOf);

/** Where nothing but these APIs is served. */
export const roots = ["/api/", "/v1/"];

// Exports first: `export` is no id.
const patterns = [
  ...Object.values(importOperations).map(({ path }) => path),
  ...[...exports, ...operations].flatMap(({ path, aliases }) => [path, ...aliases]),
].map((template) => ({
  template,
  pattern: new RegExp(`^${template.replaceAll(".", "\\.").replace(/\{\w+\}/, "[^/]+")}/?$`),
}));

/** The template of a path; what a caller writes into its place is not repeated. Null when there is none. */
export function templateOf(path: string): string | null {
  return patterns.find(({ pattern }) => pattern.test(path))?.template ?? null;
}
