import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { vi } from "vitest";

/** One span as OTLP's JSON has it, as far as tests look at it. */
export type ReceivedSpan = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly traceState?: string;
  readonly attributes: readonly {
    readonly key: string;
    readonly value: Readonly<Record<string, unknown>>;
  }[];
  readonly status: { readonly code?: number };
};

type Export = {
  readonly resourceSpans: readonly {
    readonly resource: Pick<ReceivedSpan, "attributes">;
    readonly scopeSpans: readonly { readonly spans: readonly ReceivedSpan[] }[];
  }[];
};

/** A collector of traces: OTLP over HTTP, as JSON. */
export type TraceReceiver = {
  readonly url: string;
  /** Every byte that was sent to it so far, headers too. */
  text(): string;
  exports(): readonly Export[];
  spans(): readonly ReceivedSpan[];
  /** The spans of the trace that holds a span with that attribute, once its root has come. */
  traceWith(key: string, value: unknown): Promise<readonly ReceivedSpan[]>;
  close(): Promise<void>;
};

/** An attribute's value, of whatever type; undefined when it is not there. */
export function attribute({ attributes }: Pick<ReceivedSpan, "attributes">, key: string): unknown {
  const value = attributes.find((pair) => pair.key === key)?.value;
  return value === undefined ? undefined : Object.values(value)[0];
}

export async function receiveTraces(): Promise<TraceReceiver> {
  const bodies: string[] = [];
  const heads: string[] = [];
  const server = createServer((request, response) => {
    // A sender that ends in the middle has sent nothing.
    const whole = text(request).catch(() => undefined);
    void whole.then((body) => {
      if (body === undefined) return undefined;
      heads.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
      bodies.push(body);
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
      return undefined;
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;

  const exports = (): readonly Export[] => bodies.map((body): Export => JSON.parse(body));
  const spans = (): readonly ReceivedSpan[] =>
    exports().flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
    );
  return {
    url: `http://127.0.0.1:${port}`,
    text: () => [...heads, ...bodies].join("\n"),
    exports,
    spans,
    traceWith: (key, value) =>
      vi.waitFor(
        () => {
          const found = spans();
          const one = found.find((span) => attribute(span, key) === value);
          if (one === undefined) throw new Error(`no span with ${key} = ${String(value)}`);
          return found.filter(({ traceId }) => traceId === one.traceId);
        },
        { timeout: 60_000, interval: 20 },
      ),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
