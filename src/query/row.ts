import type { Field } from "./entity.ts";

/** A record as the read engine gives it: field name → value. Decimals and days stay text, instants are Dates; numbers inside JSON are JavaScript's. */
export type Row = Readonly<Record<string, unknown>>;

/** Reads a value that PostgreSQL printed as text. No decimal passes through a float on its way. */
export function readValue(definition: Field | undefined, text: string | null): unknown {
  if (text === null || definition === undefined) return null;
  switch (definition.kind) {
    case "int":
      return Number(text);
    case "boolean":
      return text === "t";
    case "dateTime":
      return readInstant(text);
    case "json":
    case "jsonObject":
      return JSON.parse(text) as unknown;
    case "textList":
      return readTextArray(text);
    default:
      return text;
  }
}

/** `2026-03-18 15:40:12.5+00` (the pool's sessions run in UTC) → Date. */
function readInstant(text: string): Date {
  return new Date(`${text.replace(" ", "T").replace(/\+00$/, "")}Z`);
}

/** PostgreSQL's array literal of text, one dimension: `{a,"b \"c\"",NULL}`. */
function readTextArray(text: string): string[] {
  const items: string[] = [];
  const pattern = /"((?:[^"\\]|\\.)*)"|[^,{}]+/gs;
  for (const match of text.slice(1, -1).matchAll(pattern)) {
    const quoted = match[1];
    items.push(quoted === undefined ? match[0] : quoted.replace(/\\(.)/gs, "$1"));
  }
  return items;
}
