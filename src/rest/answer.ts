import type { ServerResponse } from "node:http";
import type { Head } from "../limits/send-answer.ts";

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

/** What is sent before the body. */
export function headOf({ status, headers }: Answer, more: Readonly<Record<string, string>>): Head {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...more, ...headers },
  };
}

/** Sends an answer that asks nothing of anybody's quota. */
export function sendAnswer(response: ServerResponse, answer: Answer): void {
  const { status, headers } = headOf(answer, {});
  const bytes = Buffer.from(answer.body);
  response.writeHead(status, { ...headers, "content-length": bytes.length });
  response.end(bytes);
}
