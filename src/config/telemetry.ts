import { isIP } from "node:net";
import { z } from "zod";

/** What is told about the gateway's work, beside its log. */
export type TelemetryConfig = {
  readonly metrics: {
    /** A port of its own; null for none. 0 stands for any free one. */
    readonly port: number | null;
    /** Address that this port listens on. */
    readonly host: string;
    /** Who sends it may read /metrics, on either port; null asks nobody on the own port and serves none on the main one. */
    readonly token: string | null;
  };
  /** Null when no traces are sent. */
  readonly tracing: TracingConfig | null;
};

/** Where traces go and which; the names are OpenTelemetry's. */
export type TracingConfig = {
  /** Where spans are posted, path included. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the resource, `service.name` among them. */
  readonly resource: Readonly<Record<string, string>>;
  readonly sampler: (typeof samplers)[number];
  /** The share of traces that a ratio sampler keeps, 0 to 1. */
  readonly ratio: number;
  /** Milliseconds that spans are collected for before they are sent. */
  readonly delay: number;
};

const samplers = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;

const endpoint = z
  .string()
  .refine(isHttpUrl, "must be an http:// or https:// URL, such as http://127.0.0.1:4318");
/** `a=1,b=2` with values as in URLs. */
const pairs = z
  .string()
  .transform((text, context) => {
    const parsed = parsePairs(text);
    if (parsed !== null) return parsed;
    context.addIssue(
      "must be name=value pairs separated by commas; write special characters as %XX",
    );
    return z.NEVER;
  })
  .optional();

/** The environment variables of this part, for the schema of `config.ts`. */
export const telemetryVariables = {
  METRICS_PORT: z
    .string()
    .regex(/^\d{1,5}$/, "must be a number from 0 to 65535")
    .transform(Number)
    .refine((port) => port <= 65_535, "must be a number from 0 to 65535")
    .optional(),
  METRICS_HOST: z
    .string()
    .refine(
      (host) => isIP(host) !== 0 || /^[\w.-]+$/.test(host),
      "must be an address or a host name, such as 127.0.0.1 or 0.0.0.0",
    )
    .default("127.0.0.1"),
  METRICS_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{16,}$/, "must be 16 or more characters without spaces")
    .optional(),
  OTEL_SDK_DISABLED: z.string().optional(),
  OTEL_TRACES_EXPORTER: z
    .enum(["otlp", "none"], "must be otlp or none: the gateway sends OTLP over HTTP")
    .default("otlp"),
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint.optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint.optional(),
  // Collectors take JSON where they take protobuf over HTTP; gRPC has a port of its own.
  OTEL_EXPORTER_OTLP_PROTOCOL: z
    .enum(
      ["http/json", "http/protobuf"],
      "must be http/json: give the collector's HTTP port (4318) as the endpoint",
    )
    .optional(),
  OTEL_EXPORTER_OTLP_HEADERS: pairs,
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: pairs,
  OTEL_SERVICE_NAME: z.string().optional(),
  OTEL_RESOURCE_ATTRIBUTES: pairs,
  OTEL_TRACES_SAMPLER: z
    .enum(samplers, `must be one of ${samplers.join(", ")}`)
    .default("parentbased_always_on"),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(0|1|0?\.\d+|[01]\.0*|0\.\d+)$/, "must be a share from 0 to 1, such as 0.1")
    .transform(Number)
    .default(1),
  OTEL_BSP_SCHEDULE_DELAY: z
    .string()
    .regex(/^\d{1,6}$/, "must be milliseconds, such as 5000")
    .transform(Number)
    .default(5_000),
};

type Variables = z.infer<z.ZodObject<typeof telemetryVariables>>;

/** What the variables come to. */
export function telemetryConfig(variables: Variables): TelemetryConfig {
  const { METRICS_PORT, METRICS_HOST, METRICS_TOKEN } = variables;
  return {
    metrics: { port: METRICS_PORT ?? null, host: METRICS_HOST, token: METRICS_TOKEN ?? null },
    tracing: tracingConfig(variables),
  };
}

function tracingConfig(variables: Variables): TracingConfig | null {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: whole } =
    variables;
  const isOff =
    variables.OTEL_SDK_DISABLED?.toLowerCase() === "true" ||
    variables.OTEL_TRACES_EXPORTER === "none";
  const url = whole ?? (base === undefined ? null : `${base.replace(/\/+$/, "")}/v1/traces`);
  if (isOff || url === null) return null;
  return {
    url,
    headers: {
      ...variables.OTEL_EXPORTER_OTLP_HEADERS,
      ...variables.OTEL_EXPORTER_OTLP_TRACES_HEADERS,
    },
    resource: {
      "service.name": "crm-gateway",
      ...variables.OTEL_RESOURCE_ATTRIBUTES,
      ...(variables.OTEL_SERVICE_NAME === undefined
        ? {}
        : { "service.name": variables.OTEL_SERVICE_NAME }),
    },
    sampler: variables.OTEL_TRACES_SAMPLER,
    ratio: variables.OTEL_TRACES_SAMPLER_ARG,
    delay: variables.OTEL_BSP_SCHEDULE_DELAY,
  };
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text);
}

function parsePairs(text: string): Record<string, string> | null {
  const parsed: Record<string, string> = {};
  for (const part of text.split(",").filter((piece) => piece.trim() !== "")) {
    const [, name = "", value = ""] = /^\s*([^=\s]+)\s*=(.*)$/.exec(part) ?? [];
    if (name === "") return null;
    try {
      parsed[name] = decodeURIComponent(value.trim());
    } catch {
      return null;
    }
  }
  return parsed;
}
