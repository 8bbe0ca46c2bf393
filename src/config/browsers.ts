import { z } from "zod";

/** What web pages and proxies may do. */
export type BrowserConfig = {
  /** Origins whose pages may call the gateway; `*` for all. */
  readonly corsOrigins: "*" | readonly string[];
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
      "must be * or origins separated by commas, each as browsers send it: https://app.example.com",
    )
    .optional(),
  GRAPHIQL: onOrOff.optional(),
  TRUST_PROXY: onOrOff.default("off"),
};

type Variables = z.infer<z.ZodObject<typeof browserVariables>>;

/** What the variables come to. */
export function browserConfig(variables: Variables, isProduction: boolean): BrowserConfig {
  const { CORS_ORIGINS: origins = [], GRAPHIQL: graphiql, TRUST_PROXY: trustProxy } = variables;
  return {
    corsOrigins: origins[0] === "*" ? "*" : origins,
    graphiql: graphiql === undefined ? !isProduction : graphiql === "on",
    trustProxy: trustProxy === "on",
  };
}

/** Exactly what a browser sends as Origin: no path, no slash at the end, no default port, in lower case. */
function isOrigin(text: string): boolean {
  return (
    /^https?:\/\//.test(text) &&
    URL.canParse(text) &&
    new URL(text).origin === text &&
    !text.includes("*")
  );
}
