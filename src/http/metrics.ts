import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Metrics } from "../telemetry/metrics.ts";

/** Where metrics are served. */
export const metricsPath = "/metrics";

/** Whether the request holds the operator's token, compared in constant time. */
export function holdsToken({ headers }: IncomingMessage, token: string): boolean {
  const given = /^Bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1] ?? "";
  return timingSafeEqual(hash(given), hash(token));
}

function hash(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** `/metrics`, for Prometheus. */
export async function answerMetrics(
  response: ServerResponse,
  metrics: Pick<Metrics, "print" | "contentType">,
): Promise<void> {
  const body = await metrics.print();
  response.writeHead(200, { "content-type": metrics.contentType });
  response.end(body);
}
