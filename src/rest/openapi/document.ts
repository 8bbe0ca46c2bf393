import manifest from "../../../package.json" with { type: "json" };
import { exports } from "../export/operations.ts";
import { faces, operations } from "../operations.ts";
import { importPaths, importsTag } from "./imports.ts";
import { infoText } from "./info.ts";
import { operationObject, tagOf, wholeTag } from "./operation-object.ts";
import type { JsonSchema } from "../../model/kind.ts";
import { Components } from "./schema.ts";

/** The REST APIs as OpenAPI 3.1 describes them; made from what serves them. */
export function openApiDocument(): JsonSchema {
  const components = new Components();
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const operation of [...operations, ...exports]) {
    for (const path of [operation.path, ...operation.aliases]) {
      const item = (paths[path] ??= {});
      item[operation.method.toLowerCase()] = operationObject(operation, path, components);
    }
  }
  Object.assign(paths, importPaths(components));
  const resources = faces.flatMap((face) => face.resources.map((resource) => ({ face, resource })));
  return {
    openapi: "3.1.0",
    info: {
      title: "crm-gateway",
      version: manifest.version,
      summary: "The CRM's data over three REST APIs.",
      description: infoText,
      license: { name: manifest.license, identifier: manifest.license },
    },
    servers: [{ url: "/", description: "This server" }],
    tags: [
      ...resources.map((one) => ({ name: tagOf(one), description: one.resource.description })),
      importsTag,
      wholeTag,
    ],
    paths,
    components: { securitySchemes, ...components.toJSON() },
  };
}

/** The same as a file, in lines that can be compared. */
export function printOpenApi(): string {
  return `${JSON.stringify(openApiDocument(), null, 2)}\n`;
}

const securitySchemes = {
  apiKey: {
    type: "apiKey",
    in: "header",
    name: "x-api-key",
    description: "An API key of the organization.",
  },
  bearer: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "A token of an issuer that the operator trusts, or an API key.",
  },
};
