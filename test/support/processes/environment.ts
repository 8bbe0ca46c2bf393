import { env } from "node:process";

/** What programs that tests start find in their environment: nothing of whoever runs the tests. */
export const bareEnvironment: Readonly<Record<string, string>> = {
  PATH: "/usr/bin:/bin",
  NODE_COMPILE_CACHE: env["NODE_COMPILE_CACHE"] ?? "",
};
