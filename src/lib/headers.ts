import type { IncomingHttpHeaders } from "node:http";

/** A request's header by its name in lower case, several of that name as one; null when there is none. */
export function headerOf(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name];
  return Array.isArray(value) ? value.join(", ") : (value ?? null);
}
