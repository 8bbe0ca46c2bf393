import { request } from "node:http";

export type ExportAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly trailers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
};

/** Asks by Node's own means, which tells trailers. */
export function askFor(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<ExportAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          trailers: response.trailers,
          body: Buffer.concat(chunks),
        }),
      );
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** The lines of NDJSON. */
export const linesOf = (body: Buffer): unknown[] =>
  body
    .toString()
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));

/** The members of an object. */
export const recordIn = (value: unknown): Record<string, unknown> =>
  Object.fromEntries(Object.entries(Object(value)));
