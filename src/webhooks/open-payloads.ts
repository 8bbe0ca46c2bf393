import type { GraphQLSchema } from "graphql";
import { Credentials } from "../auth/credentials.ts";
import type { Config } from "../config.ts";
import type { Database } from "../db/database.ts";
import { createStoredQueries } from "../graphql/server/create-stored-queries.ts";
import { Quotas } from "../limits/quotas.ts";
import { catalog } from "../modules/catalog.ts";
import { createLog } from "../telemetry/log.ts";
import { Payloads } from "./payload.ts";

type Options = {
  readonly schema: GraphQLSchema;
  readonly database: Database;
  readonly config: Config;
};

/** Payloads in a process without a gateway. */
export function openPayloads({ schema, database, config }: Options) {
  const logger = createLog(config.logLevel);
  const { requestsPerMinute } = config.limits;
  const { pool } = database;
  const credentials = new Credentials({ pool, config: config.auth, requestsPerMinute, logger });
  const quotas = new Quotas(config.limits, pool);
  const { apiKeys } = credentials;
  const queries = createStoredQueries({ schema, database, config, apiKeys, quotas, logger });
  return {
    payloads: new Payloads({ catalog, database, queries }),
    close: async (): Promise<void> => {
      quotas.close();
      await credentials.close();
    },
  };
}
