import type { IncomingHttpHeaders } from "node:http";
import { LRUCache } from "lru-cache";

/** A request's header by its name in lower case, several of that name as one; null when there is none. */
export function headerOf(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name];
  return Array.isArray(value) ? value.join(", ") : (value ?? null);
}

/** Longer headers are parsed each time. */
const longest = 200;

/** Remembers the results of short headers. Clients send few different headers, and parsing one takes microseconds. */
export function remembering<Read extends {}>(
  read: (header: string) => Read,
): (header: string) => Read {
  const known = new LRUCache<string, Read>({ max: 100 });
  return (header) => {
    const found = known.get(header);
    if (found !== undefined) return found;
    const made = read(header);
    if (header.length <= longest) known.set(header, made);
    return made;
  };
}
