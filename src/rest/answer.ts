import type { ServerResponse } from "node:http";

/** An answer as it is sent: its status, its headers beside those of every answer, and JSON. */
export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** JSON that is printed already, as it stands. */
export class Printed {
  readonly json: string;

  constructor(json: string) {
    this.json = json;
  }
}

/** An answer with a JSON object; keys without a value are left out. */
export function answerOf(
  status: number,
  body: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const members = Object.entries(body).flatMap(([key, value]) => {
    if (value === undefined) return [];
    const json = value instanceof Printed ? value.json : JSON.stringify(value);
    return [`${JSON.stringify(key)}:${json}`];
  });
  return { status, headers, body: `{${members.join(",")}}` };
}

/** Sends an answer by Node's own means: through a Response it would be copied, and encoded twice. */
export function sendAnswer(
  response: Pick<ServerResponse, "writeHead" | "end">,
  { status, headers, body }: Answer,
  more: Readonly<Record<string, string>> = {},
): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": bytes.length,
    ...more,
    ...headers,
  });
  response.end(bytes);
}
