/** A header as it is compared: its letters and digits, without case, accents and what Salesforce puts behind. */
export function headerKey(header: string): string {
  return header
    .replace(/__c$/i, "")
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll("ß", "ss")
    .replace(/[^\p{L}\p{N}#]+/gu, "");
}

/** Words for the records of an entity that exports put in front of a header: `Person - Name`, `Deal: Title`. */
const nouns: Readonly<Record<string, string>> = {
  account: "account|company|organization|organisation|firma",
  contact: "contact|person|lead|kontakt",
  deal: "deal|opportunity|potential",
  activity: "activity|task",
  quote: "quote",
  lineItem: "line item|product",
};

/** What most columns of a file begin with, as those of a table in some databases do: `kun_` of `kun_name`, `kun_plz`. */
export function sharedPrefix(header: readonly string[]): string {
  const prefixes = header.map((column) => /^[\p{L}\p{N}]+_/u.exec(column)?.[0] ?? "");
  const counted = Map.groupBy(prefixes, (prefix) => prefix);
  const [most = "", same = []] =
    [...counted].toSorted(([, one], [, other]) => other.length - one.length)[0] ?? [];
  return same.length >= 3 && same.length > header.length / 2 ? most : "";
}

/**
 * The keys that a header may be known by: as it is, without a remark in brackets, and without what stands around it.
 *
 * @param prefix what most headers of the file begin with
 */
export function headerKeys(entity: string, header: string, prefix = ""): string[] {
  const noun = new RegExp(`^\\s*(?:${nouns[entity] ?? entity})\\s*(?:-\\s|[:.])\\s*`, "iu");
  const inside = header.replace(noun, "");
  const plain = inside.replace(/[([][^)\]]*[)\]]/g, "");
  // Pipedrive: `Person - Email - Work`.
  const first = plain.replace(/\s+-\s+(?:work|other|main)\s*$/i, "");
  const bare = prefix !== "" && header.startsWith(prefix) ? header.slice(prefix.length) : header;
  return [...new Set([header, inside, plain, first, bare].map(headerKey))].filter(
    (key) => key !== "",
  );
}

/** How much two keys have in common: the share of their pairs of letters. */
export function likeness(left: string, right: string): number {
  const [pairs, others] = [pairsOf(left), pairsOf(right)];
  const shared = [...pairs].filter((pair) => others.has(pair)).length;
  return pairs.size + others.size === 0 ? 0 : (2 * shared) / (pairs.size + others.size);
}

const pairsOf = (text: string): Set<string> =>
  new Set(Array.from({ length: Math.max(0, text.length - 1) }, (_, at) => text.slice(at, at + 2)));
