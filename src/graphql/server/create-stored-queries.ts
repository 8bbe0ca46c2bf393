import type { GraphQLSchema } from "graphql";
import type { Logger } from "pino";
import type { ApiKeys } from "../../auth/api-keys.ts";
import type { Config } from "../../config.ts";
import type { Database } from "../../db/database.ts";
import type { Quotas } from "../../limits/quotas.ts";
import { catalog } from "../../modules/catalog.ts";
import { describeError } from "../../telemetry/describe-error.ts";
import { Compiler } from "../compile/compiler.ts";
import { makeContext } from "./make-context.ts";
import { readManifest } from "./manifest.ts";
import { StoredQueries } from "./stored-query.ts";

type Options = {
  readonly schema: GraphQLSchema;
  readonly database: Database;
  readonly config: Pick<Config, "graphql" | "operations" | "limits">;
  readonly apiKeys: ApiKeys;
  readonly quotas: Quotas;
  readonly logger: Pick<Logger, "error">;
};

/** The queries that are stored and run later, as the configuration bounds them. */
export function createStoredQueries(options: Options): StoredQueries {
  const { schema, database, config, apiKeys, quotas, logger } = options;
  const { introspection, manifest } = config.graphql;
  const services = {
    database,
    apiKeys,
    get jobs(): never {
      throw new Error("a query adds no jobs");
    },
    get imports(): never {
      throw new Error("a stored query knows no imports");
    },
    get webhooks(): never {
      throw new Error("a stored query knows no webhooks");
    },
  };
  return new StoredQueries({
    schema,
    compiler: new Compiler(schema, catalog),
    database,
    limits: config.operations,
    quotas,
    introspection,
    manifest: manifest === null ? null : readManifest(manifest, schema),
    milliseconds: config.limits.requestMilliseconds,
    contextFor: (actor, work) => makeContext(services, { actor, work }),
    onUnexpected: (error, requestId) =>
      logger.error({ requestId, cause: describeError(error) }, "unexpected error"),
  });
}
