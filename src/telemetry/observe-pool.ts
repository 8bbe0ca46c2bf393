import type pg from "pg";
import type { Metrics } from "./metrics.ts";
import type { Span } from "./tracing.ts";

/**
 * Reports each statement on each connection that the pool opens from now on to metrics and traces, with those that go
 * in front of it in one round trip. Literals are removed
 * from the text, since some come from a caller (aliases of a query); values are not part of it. `currentSpan` gives the
 * parent of a statement's span. Without metrics and tracing no connection is touched.
 */
export function observePool(
  pool: pg.Pool,
  metrics: Metrics | null,
  currentSpan: () => Span | null,
): void {
  pool.on("connect", (client) => {
    const query: (...parameters: unknown[]) => unknown = client.query.bind(client);
    const observed = (...parameters: unknown[]): unknown => {
      const ended = begin(textsOf(parameters[0]), metrics, currentSpan());
      const last = parameters.at(-1);
      if (typeof last === "function") {
        const callback: (...results: unknown[]) => unknown = last.bind(undefined);
        parameters[parameters.length - 1] = (error: unknown, ...results: unknown[]) => {
          ended(error ?? null);
          return callback(error, ...results);
        };
        return query(...parameters);
      }
      const sent = query(...parameters);
      const answer = answerOf(sent);
      // Beside the caller's own handlers, not in front of them.
      if (answer instanceof Promise) answer.then(() => ended(null), ended);
      else ended(null);
      return sent;
    };
    Object.defineProperty(client, "query", { value: observed, configurable: true, writable: true });
  });
}

/** The promise of a query's answer: `query` returns the promise itself, or an object that holds it. */
function answerOf(sent: unknown): unknown {
  return typeof sent === "object" && sent !== null && "answer" in sent ? sent.answer : sent;
}

function begin(
  texts: readonly string[],
  metrics: Metrics | null,
  parent: Span | null,
): (error: unknown) => void {
  const startedAt = performance.now();
  const [verb = ""] = /[a-z]+/i.exec(texts.at(-1) ?? "") ?? [];
  const span = parent?.child(verb === "" ? "SQL" : verb.toUpperCase(), {
    isCall: true,
    attributes: {
      "db.system.name": "postgresql",
      "db.query.text": withoutLiterals(texts.join("; ")),
    },
  });
  return (error) => {
    metrics?.statementEnded((performance.now() - startedAt) / 1_000, error !== null);
    if (error !== null) span?.fail(stateOf(error));
    span?.end();
  };
}

const withoutLiterals = (text: string): string => text.replaceAll(/'(?:[^']|'')*'/g, "?");

/** The SQLSTATE: an error's message can hold values. */
function stateOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return typeof code === "string" ? code : "error";
}

/** The statements of a round trip; the last one is waited for. */
function textsOf(query: unknown): readonly string[] {
  if (typeof query === "string") return [query];
  if (typeof query !== "object" || query === null) return [];
  if ("texts" in query && Array.isArray(query.texts)) return query.texts.map(String);
  return "text" in query ? [String(query.text)] : [];
}
