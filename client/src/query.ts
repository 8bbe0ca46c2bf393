/** A value in an address. */
export type Scalar = string | number | boolean | Date;

/** Parameters as they are written in a program; what is undefined is left out. */
export type Query = Readonly<Record<string, unknown>>;

/** `{ name: "Ada", value: { gte: 5 } }` → `name=Ada&value[gte]=5`; a list becomes one text with commas. */
export function searchOf(query: Query, cursor: string | null): URLSearchParams {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (isComparisons(value)) {
      for (const [operator, operand] of Object.entries(value)) {
        append(search, `${name}[${operator}]`, operand);
      }
    } else append(search, name, value);
  }
  if (cursor !== null) search.set("cursor", cursor);
  return search;
}

function append(search: URLSearchParams, name: string, value: unknown): void {
  if (value !== undefined) search.append(name, textOf(value));
}

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(textOf).join(",");
  return String(value);
}

function isComparisons(value: unknown): value is Query {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date)
  );
}
