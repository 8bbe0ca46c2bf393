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
