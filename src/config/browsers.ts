import { z } from "zod";

/** Origins as browsers send them, `http://localhost:*` for any port of this machine, or `*` for all. */
export type Origins = "*" | readonly string[];

/** What web pages and proxies may do. */
export type BrowserConfig = {
  /** Origins whose pages may call the gateway. */
  readonly corsOrigins: Origins;
  /** Whether GraphiQL is served. */
  readonly graphiql: boolean;
  /** Whether a proxy in front sets X-Request-Id and X-Forwarded-For, so that they can be believed. */
  readonly trustProxy: boolean;
};

const onOrOff = z.enum(["on", "off"], "must be on or off");

/** The environment variables of this part, for the schema of `config.ts`. */
export const browserVariables = {
  CORS_ORIGINS: z
    .string()
    .transform((text) => text.split(",").map((origin) => origin.trim()))
    .refine(
      (origins) => origins.every(isOrigin) || (origins.length === 1 && origins[0] === "*"),
      "must be * or origins separated by commas, each as browsers send it: https://app.example.com; http://localhost:* is any port",
    )
    .optional(),
  GRAPHIQL: onOrOff.optional(),
  TRUST_PROXY: onOrOff.default("off"),
};

type Variables = z.infer<z.ZodObject<typeof browserVariables>>;

/** Pages of development servers, whichever port they take. */
const pagesOfThisMachine: readonly string[] = ["http://localhost:*", "http://127.0.0.1:*"];

/** What the variables come to. */
export function browserConfig(variables: Variables, isProduction: boolean): BrowserConfig {
  const { CORS_ORIGINS: given, GRAPHIQL: graphiql, TRUST_PROXY: trustProxy } = variables;
  const origins = given ?? (isProduction ? [] : pagesOfThisMachine);
  return {
    corsOrigins: origins[0] === "*" ? "*" : origins,
    graphiql: graphiql === undefined ? !isProduction : graphiql === "on",
    trustProxy: trustProxy === "on",
  };
}

/** Whether the origins include one that a browser sent. */
export function includesOrigin(origins: Origins, origin: string): boolean {
  if (origins === "*") return true;
  const anyPort = `${origin.replace(/:\d{1,5}$/, "")}:*`;
  return (origins.includes(origin) && !origin.endsWith("*")) || origins.includes(anyPort);
}

const ofThisMachine = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\]):\*$/;

/** Exactly what a browser sends as Origin: no path, no slash at the end, no default port, in lower case. */
function isOrigin(text: string): boolean {
  if (ofThisMachine.test(text)) return true;
  return (
    /^https?:\/\//.test(text) &&
    URL.canParse(text) &&
    new URL(text).origin === text &&
    !text.includes("*")
  );
}
