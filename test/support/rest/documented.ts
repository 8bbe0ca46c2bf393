import { readFile } from "node:fs/promises";
import type { RestAnswer, RestClient } from "./client.ts";

/** The samples of a document, as they stand in it, by what they are called in test/rest/documented. */
export class Samples {
  readonly #texts: ReadonlyMap<string, string>;

  private constructor(texts: ReadonlyMap<string, string>) {
    this.#texts = texts;
  }

  static async of(document: "crm" | "integration" | "customers"): Promise<Samples> {
    const file = new URL(`../../rest/documented/${document}.txt`, import.meta.url);
    const sections = (await readFile(file, "utf8")).split(/^=== /m).slice(1);
    return new Samples(
      new Map(
        sections.map((section) => {
          const end = section.indexOf("\n");
          return [section.slice(0, end), section.slice(end + 1).trim()];
        }),
      ),
    );
  }

  text(name: string): string {
    const text = this.#texts.get(name);
    if (text === undefined) throw new Error(`there is no sample ${name}`);
    return text;
  }

  json(name: string): unknown {
    return JSON.parse(this.text(name));
  }

  /** An object as it stands in JavaScript: names without quotes, a comma behind the last value. */
  literal(name: string): Readonly<Record<string, unknown>> {
    const text = this.text(name)
      .replaceAll(/^(\w+):/gm, '"$1":')
      .replace(/,\s*\}$/, "}");
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) throw new Error(`${name} is no object`);
    return { ...value };
  }
}

/** A request as a line of curl makes it. */
type CurlRequest = {
  readonly method: string;
  /** With the query, without the host. */
  readonly path: string;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
};

/** Reads a line of curl; `values` stand in the places of what the document leaves to its reader. */
export function readCurl(line: string, values: Readonly<Record<string, string>>): CurlRequest {
  let text = line;
  for (const [place, value] of Object.entries(values)) {
    if (!text.includes(place)) throw new Error(`the line has no place for ${place}`);
    text = text.replaceAll(place, value);
  }
  const [command, ...words] = shellWords(text);
  if (command !== "curl") throw new Error("the line is not curl's");
  let method: string | null = null;
  let url: URL | null = null;
  let body: string | null = null;
  const headers: Record<string, string> = {};
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === "-X") method = words.shift() ?? null;
    else if (word === "-d") body = words.shift() ?? null;
    else if (word === "-H") {
      const [, name = "", value = ""] = /^([^:]+): *(.*)$/.exec(words.shift() ?? "") ?? [];
      headers[name.toLowerCase()] = value;
    } else url = new URL(word);
  }
  if (url === null) throw new Error("the line has no URL");
  return {
    method: method ?? (body === null ? "GET" : "POST"),
    path: `${url.pathname}${url.search}`,
    headers,
    body,
  };
}

/** The words of a shell's line: in single quotes, in double quotes, or bare; a backslash goes on in the next line. */
function shellWords(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\\\n)|(\S+)/g)].flatMap(
    ([, single, double, joint, bare]) =>
      joint === undefined ? [single ?? double ?? bare ?? ""] : [],
  );
}

/** Sends it, to the gateway instead of the document's host. */
export function replay(
  rest: RestClient,
  { method, path, headers, body }: CurlRequest,
): Promise<RestAnswer> {
  if (method === "GET") return rest.get(path, headers);
  if (method === "POST") return rest.post(path, body, headers);
  throw new Error(`no document has ${method}`);
}

const forms: readonly (readonly [string, RegExp])[] = [
  ["uuid", /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/],
  ["instant to the millisecond", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/],
  ["instant to the microsecond", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/],
];

/**
 * What an answer looks like, as `path: form` in the order of its keys. Of a list its first item counts, and the others
 * must look like it.
 */
export function formsOf(value: unknown, path = ""): string[] {
  if (Array.isArray(value)) {
    const [first = [], ...others] = value.map((item) => formsOf(item, `${path}[]`));
    const strange = others.filter((item) => item.join() !== first.join());
    return [
      `${path}: list`,
      ...first,
      ...strange.flat().map((form) => `unlike the first, ${form}`),
    ];
  }
  if (typeof value === "object" && value !== null) {
    return [
      `${path}: object`,
      ...Object.entries(value).flatMap(([key, item]) => formsOf(item, `${path}.${key}`)),
    ];
  }
  if (typeof value !== "string") return [`${path}: ${value === null ? "null" : typeof value}`];
  const [form = "text"] = forms.find(([, pattern]) => pattern.test(value)) ?? [];
  return [`${path}: ${form}`];
}

/** A UUID that the gateway made: version 7. */
export const uuidv7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
