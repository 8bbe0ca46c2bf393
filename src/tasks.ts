import type { GraphQLSchema } from "graphql";
import type { Logger } from "pino";
import type { Credentials } from "./auth/credentials.ts";
import type { Config } from "./config.ts";
import type { Database } from "./db/database.ts";
import type { Jobs } from "./jobs/jobs.ts";
import type { Task } from "./jobs/task.ts";

export type TaskOptions = {
  readonly database: Database;
  readonly jobs: Jobs;
  readonly credentials: Credentials;
  readonly config: Config;
  readonly schema: GraphQLSchema;
  readonly logger: Logger;
};

/** Every kind of job there is. */
export function createTasks(_options: TaskOptions): readonly Task[] {
  return [];
}
