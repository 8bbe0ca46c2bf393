import { PassThrough } from "node:stream";
import { vi } from "vitest";

type LogLine = Readonly<Record<string, unknown>>;

/** What a gateway logs, through a real stream. */
export type CapturedLog = {
  /** To be given to the gateway. */
  readonly stream: PassThrough;
  /** Every byte so far. */
  text(): string;
  /** Every line so far. */
  lines(): readonly LogLine[];
  /** The lines about one request, once the one that ends it is written. */
  of(requestId: string | null): Promise<readonly LogLine[]>;
};

export function captureLog(): CapturedLog {
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  const text = (): string => Buffer.concat(chunks).toString();
  const lines = (): readonly LogLine[] =>
    text()
      .split("\n")
      .filter((line) => line !== "")
      .map((line): LogLine => JSON.parse(line));
  return {
    stream,
    text,
    lines,
    of: (requestId) =>
      vi.waitFor(
        () => {
          const found = lines().filter((line) => line["requestId"] === requestId);
          if (!found.some((line) => "status" in line)) throw new Error(`no line of ${requestId}`);
          return found;
        },
        { timeout: 60_000, interval: 5 },
      ),
  };
}
