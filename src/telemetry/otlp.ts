import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Context } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
  type SpanExporter,
} from "@opentelemetry/sdk-trace";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { TracingConfig } from "../config/telemetry.ts";
import type { Span, Tracing } from "./tracing.ts";

/** How long the last spans may take to leave when the gateway closes. */
const closingMilliseconds = 3_000;
/** The longest value of an attribute: the text of a statement. */
const longestAttribute = 4_096;

/**
 * Sends spans to an OpenTelemetry collector, over HTTP. Loaded only when the operator names one. Nothing is registered
 * with OpenTelemetry's globals: each gateway has its own.
 */
export function createTracing(config: TracingConfig, log: Logger): Tracing {
  const exporter = new OTLPTraceExporter({ url: config.url, headers: { ...config.headers } });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ ...config.resource }),
    sampler: samplerOf(config),
    spanLimits: { attributeValueLengthLimit: longestAttribute },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: withComplaints(exporter, log),
        scheduledDelayMillis: config.delay,
      }),
    ],
  });
  const tracer = provider.getTracer("crm-gateway");

  const start = (name: string, parent: Context, kind: SpanKind, attributes = {}): Span => {
    const span = tracer.startSpan(name, { kind, attributes }, parent);
    const own = trace.setSpan(parent, span);
    return {
      traceId: span.spanContext().traceId,
      child: (childName, options = {}) =>
        start(
          childName,
          own,
          options.isCall === true ? SpanKind.CLIENT : SpanKind.INTERNAL,
          options.attributes,
        ),
      set: (more) => void span.setAttributes({ ...more }),
      fail: (errorType) => {
        span.setAttribute("error.type", errorType);
        span.setStatus({ code: SpanStatusCode.ERROR });
      },
      end: () => span.end(),
    };
  };

  return {
    request: (name, parent, attributes) => {
      const context =
        parent === null
          ? ROOT_CONTEXT
          : trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true });
      return start(name, context, SpanKind.SERVER, attributes);
    },
    close: async () => {
      const stopped = provider.shutdown().catch(() => undefined);
      await Promise.race([stopped, sleep(closingMilliseconds, undefined, { ref: false })]);
    },
  };
}

function samplerOf({ sampler, ratio }: TracingConfig): Sampler {
  const root = sampler.endsWith("always_on")
    ? new AlwaysOnSampler()
    : sampler.endsWith("always_off")
      ? new AlwaysOffSampler()
      : new TraceIdRatioBasedSampler(ratio);
  return sampler.startsWith("parentbased_") ? new ParentBasedSampler({ root }) : root;
}

/** Says once a minute that nobody takes the spans; the SDK itself keeps silent. */
function withComplaints(exporter: SpanExporter, log: Logger): SpanExporter {
  let complainedAt = Number.NEGATIVE_INFINITY;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        // ExportResultCode.FAILED; the enum is in a package that is not ours to import.
        if (result.error !== undefined && performance.now() - complainedAt > 60_000) {
          complainedAt = performance.now();
          const code = "code" in result.error ? result.error.code : result.error.name;
          log.warn({ code, spans: spans.length }, "traces cannot be delivered");
        }
        done(result);
      }),
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}
