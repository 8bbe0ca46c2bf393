/** Parameters as they are written in a program; what is undefined is left out. */
export type Query = Readonly<Record<string, unknown>>;

/**
 * `{ name: "Ada", value: { gte: 5 }, deal_id: null }` → `name=Ada&value[gte]=5&deal_id[is_null]=true`, and
 * `{ custom_fields: { region: "north" } }` → `custom_fields[region]=north`.
 */
export function searchOf(query: Query, cursor: string | null): URLSearchParams {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null) search.append(`${name}[is_null]`, "true");
    else append(search, name, value);
  }
  if (cursor !== null) search.set("cursor", cursor);
  return search;
}

function append(search: URLSearchParams, name: string, value: unknown): void {
  if (value === undefined) return;
  if (isComparisons(value)) {
    for (const [key, one] of Object.entries(value)) append(search, `${name}[${key}]`, one);
    return;
  }
  const text = Array.isArray(value)
    ? value.map((item) => textOf(name, item).replaceAll(/[\\,]/g, "\\$&")).join(",")
    : textOf(name, value);
  search.append(name, text);
}

function textOf(name: string, value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return String(value);
  }
  throw new TypeError(`${name}: give a text, a number, a boolean or a Date`);
}

function isComparisons(value: unknown): value is Query {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date)
  );
}
