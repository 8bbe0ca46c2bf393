import { Agent, request } from "node:http";
import { performance } from "node:perf_hooks";

export type FuzzRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string | Buffer | null;
};

export type FuzzAnswer = {
  readonly status: number;
  readonly type: string;
  readonly headers: Headers;
  readonly text: string;
  readonly milliseconds: number;
};

/** Kept connections, as clients keep theirs. */
export const agent = new Agent({ keepAlive: true, maxSockets: 8 });

/** Far longer than anything takes: what hangs is told. */
const patienceMilliseconds = 60_000;

/** Sends a request as it stands. */
export function sendFuzz(url: string, raw: FuzzRequest): Promise<FuzzAnswer> {
  const started = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<FuzzAnswer>();
  const { hostname, port } = new URL(url);
  const outgoing = request(
    {
      agent,
      host: hostname,
      port,
      path: raw.path,
      method: raw.method,
      headers: raw.headers.flat(),
      timeout: patienceMilliseconds,
    },
    (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers["content-type"] ?? "",
          headers: new Headers(
            Object.entries(response.headersDistinct).map(
              ([name, values = []]): [string, string] => [name, values.join(", ")],
            ),
          ),
          text: Buffer.concat(chunks).toString(),
          milliseconds: performance.now() - started,
        });
      });
    },
  );
  outgoing.on("error", reject);
  outgoing.on("timeout", () => outgoing.destroy(new Error("no answer in a minute")));
  outgoing.end(raw.body ?? undefined);
  return promise;
}

/** Whether the operation was carried out, at least in part. */
export function isExecuted({ text }: FuzzAnswer): boolean {
  return text.startsWith('{"data":{') || /"data":\{/.test(text.slice(0, 2_000));
}

/** What no answer may hold: stacks, SQL, names of what is below, errors of ours. */
const revealing =
  /node_modules|\n\s+at |\bat (?:file:\/\/)?\/[\w/.-]+:\d+|"INTERNAL"|"UNAVAILABLE"|SELECT .* FROM |violates|relation "|pg_|SQLSTATE|Cannot read propert|is not a function|undefined is not/;

/** What a refusal tells that it must not; null when that is nothing. It may quote what was sent. */
export function revealedBy(asked: FuzzRequest, { text }: FuzzAnswer): string | null {
  const [found = null] = revealing.exec(text) ?? [];
  const sent = `${asked.path} ${String(asked.body)}`;
  return found === null || sent.includes(found) ? null : found;
}

/** What is wrong with an answer, whatever was asked. */
export function complaintsAbout(asked: FuzzRequest, answer: FuzzAnswer): string[] {
  const { status, type, text } = answer;
  const complaints: string[] = [];
  if (status >= 500 || status < 200) complaints.push(`status ${status}`);
  if (!isExecuted(answer)) {
    if (text.length >= 100_000) complaints.push(`a refusal of ${text.length} characters`);
    const own = revealedBy(asked, answer);
    if (own !== null) complaints.push(`tells ${own}`);
  } else if (/"(INTERNAL|UNAVAILABLE)"/.test(text)) complaints.push("an error of ours");
  if (text !== "" && /json/.test(type)) {
    try {
      JSON.parse(text);
    } catch {
      complaints.push("no JSON");
    }
  }
  const isPage = asked.method === "GET" && type.startsWith("text/html");
  const isKnown = isPage || /json|event-stream|multipart\/mixed/.test(type);
  if (asked.path.startsWith("/graphql") && text !== "" && !isKnown) {
    complaints.push(`an answer of type ${type}`);
  }
  return complaints;
}

/** What is wrong with an answer, together with what was asked and answered; null when nothing is. */
export function told(
  { method, path, headers, body }: FuzzRequest,
  complaints: readonly (string | null)[],
  text: string,
): string | null {
  const found = complaints.filter((complaint) => complaint !== null);
  if (found.length === 0) return null;
  return [
    found.join("; "),
    `${method} ${path.slice(0, 2_000)}`,
    ...headers.map(([name, value]) => `${name}: ${value.slice(0, 200)}`),
    String(body ?? "").slice(0, 4_000),
    `→ ${text.slice(0, 2_000)}`,
  ].join("\n");
}
