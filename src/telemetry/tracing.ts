/** One step of a request, as a trace shows it. */
export type Span = {
  /** Of the whole trace, in hex. */
  readonly traceId: string;
  child(name: string, options?: SpanOptions): Span;
  set(attributes: Attributes): void;
  /** Marks it as failed, by a code or an HTTP status and no more: messages hold values. */
  fail(errorType: string): void;
  end(): void;
};

type Attributes = Readonly<Record<string, string | number | boolean>>;

type SpanOptions = {
  /** Whether it is a call of another server: the database. */
  readonly isCall?: boolean;
  readonly attributes?: Attributes;
};

/** What makes spans and sends them away. */
export type Tracing = {
  /** A request; part of the caller's trace when that was told. */
  request(name: string, parent: TraceParent | null, attributes: Attributes): Span;
  /** Sends what is left and stops. */
  close(): Promise<void>;
};

/** A caller's span, from the header `traceparent`. */
type TraceParent = {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
};

/**
 * Reads W3C's `traceparent`. `tracestate` and `baggage` are left alone: they are free text of the caller's that would
 * be sent on with every span.
 */
export function parseTraceParent(header: string | null = null): TraceParent | null {
  const pattern =
    /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(?:-|$)/;
  const [, traceId, spanId, flags] = pattern.exec(header ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1 };
}
