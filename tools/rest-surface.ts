import { isRecord } from "../src/lib/json.ts";
import { sortTerms } from "../src/lib/sort-pattern.ts";

type Direction = "in" | "out";

/**
 * What clients can rely on of an OpenAPI document, one fact a line, sorted: `in` is what requests may or must have, `out`
 * what answers have. `out Contact.first_name: string` is a member with one of its types, `in POST /x ?limit is required`
 * a rule.
 */
export function restSurface(document: unknown): string[] {
  const lines = new Set<string>();
  const waiting: [Direction, string][] = [];
  const seen = new Set<string>();

  function resolve(value: unknown): Readonly<Record<string, unknown>> {
    const reference = isRecord(value) ? value["$ref"] : undefined;
    if (typeof reference !== "string") return isRecord(value) ? value : {};
    let found: unknown = document;
    for (const step of reference.split("/").slice(1)) found = isRecord(found) ? found[step] : null;
    return resolve(found);
  }

  function collect(direction: Direction, place: string, schema: unknown): void {
    if (!isRecord(schema)) return;
    const line = (text: string) => lines.add(`${direction} ${place}${text}`);
    const { $ref: reference, type, required, properties, items, additionalProperties } = schema;
    if (typeof reference === "string") {
      const name = reference.split("/").at(-1) ?? "";
      line(`: ${name}`);
      waiting.push([direction, name]);
      return;
    }
    const either = [schema["anyOf"], schema["oneOf"], schema["allOf"]].flatMap(list);
    for (const one of either) collect(direction, place, one);
    const format = typeof schema["format"] === "string" ? ` ${schema["format"]}` : "";
    const types = list(type);
    for (const one of types) line(`: ${String(one)}${one === "null" ? "" : format}`);
    if (types.length === 0 && either.length === 0) line(": any");
    const listed = sortTerms(schema["pattern"]) ?? list(schema["enum"]);
    const values = "const" in schema ? [schema["const"]] : listed;
    for (const value of values) line(` = ${JSON.stringify(value)}`);
    for (const name of list(required)) line(`.${String(name)} is required`);
    for (const [name, member] of members(properties))
      collect(direction, `${place}.${name}`, member);
    collect(direction, `${place}[]`, items);
    collect(direction, `${place}.*`, additionalProperties);
  }

  function content(direction: Direction, place: string, body: unknown): void {
    for (const [media, { schema }] of members(resolve(body)["content"])) {
      collect(direction, `${place} ${media}`, schema);
    }
  }

  const paths = isRecord(document) ? document["paths"] : undefined;
  for (const [path, operations] of members(paths)) {
    for (const [method, operation] of members(operations)) {
      const place = `${method.toUpperCase()} ${path}`;
      lines.add(`in ${place}`);
      for (const parameter of list(operation["parameters"]).map(resolve)) {
        const { name, in: where, required, schema } = parameter;
        collect("in", `${place} ${String(where)} ${String(name)}`, schema);
        if (required === true)
          lines.add(`in ${place} ${String(where)} ${String(name)} is required`);
      }
      content("in", `${place} body`, operation["requestBody"]);
      for (const [status, answer] of members(operation["responses"])) {
        lines.add(`out ${place} ${status}`);
        content("out", `${place} ${status}`, answer);
        for (const [header] of members(resolve(answer)["headers"])) {
          lines.add(`out ${place} ${status} header ${header}`);
        }
      }
    }
  }
  const schemas = `#/components/schemas/`;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [direction, name] = next;
    if (seen.has(next.join(" "))) continue;
    seen.add(next.join(" "));
    collect(direction, name, resolve({ $ref: `${schemas}${name}` }));
  }
  return [...lines].toSorted();
}

const list = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];

function members(value: unknown): [string, Readonly<Record<string, unknown>>][] {
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    isRecord(member) ? [[name, member]] : [],
  );
}

/** The lines of two surfaces with which clients of the first one may fail, each with the reason. */
export function restBreaks(before: readonly string[], after: readonly string[]): string[] {
  const old = new Set(before);
  const current = new Set(after);
  const places = new Set(before.map(placeOf));
  const placesNow = new Set(after.map(placeOf));
  const removed = before.filter((line) => !current.has(line));
  const added = after.filter((line) => !old.has(line));
  const isOut = (line: string): boolean => line.startsWith("out ");
  return [
    ...removed
      .filter((line) =>
        // Fewer types and values than before are no surprise to readers, and fewer duties none to writers.
        isOut(line)
          ? line.endsWith(" is required") || !placesNow.has(placeOf(line))
          : !line.endsWith(" is required"),
      )
      .map((line) => `gone: ${line}`),
    ...added
      .filter((line) => {
        if (isOut(line)) return line.includes(": ") && places.has(placeOf(line));
        if (line.endsWith(" is required")) return places.has(ownerOf(line));
        // A member that took any value takes some.
        return line.includes(" = ") && places.has(placeOf(line)) && !hasValues(before, line);
      })
      .map((line) => `new: ${line}`),
  ];
}

/** A line without the type, value or rule at its end. */
const placeOf = (line: string): string => line.replace(/(?:: .*| = .*| is required)$/, "");
/** What has the member or parameter that a rule is about. */
const ownerOf = (line: string): string =>
  placeOf(line).replace(/(?:\.[^.\s]+| (?:query|header|path) \S+)$/, "");
const hasValues = (lines: readonly string[], line: string): boolean =>
  lines.some((one) => one.startsWith(`${placeOf(line)} = `));
