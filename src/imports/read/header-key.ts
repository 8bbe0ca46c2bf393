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

/** The keys that a header may be known by: as it is, without a remark in brackets, and without what stands around it. */
export function headerKeys(entity: string, header: string): string[] {
  const noun = new RegExp(`^\\s*(?:${nouns[entity] ?? entity})\\s*(?:-\\s|[:.])\\s*`, "iu");
  const inside = header.replace(noun, "");
  const plain = inside.replace(/[([][^)\]]*[)\]]/g, "");
  // Pipedrive: `Person - Email - Work`.
  const first = plain.replace(/\s+-\s+(?:work|other|main)\s*$/i, "");
  return [...new Set([header, inside, plain, first].map(headerKey))].filter((key) => key !== "");
}

/** How much two keys have in common: the share of their pairs of letters. */
export function likeness(left: string, right: string): number {
  const [pairs, others] = [pairsOf(left), pairsOf(right)];
  const shared = [...pairs].filter((pair) => others.has(pair)).length;
  return pairs.size + others.size === 0 ? 0 : (2 * shared) / (pairs.size + others.size);
}

const pairsOf = (text: string): Set<string> =>
  new Set(Array.from({ length: Math.max(0, text.length - 1) }, (_, at) => text.slice(at, at + 2)));
