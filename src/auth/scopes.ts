/** What a scope can name: the entities, and what the customers APIs, the tenant and its keys need. */
export const scopeSubjects = [
  "accounts",
  "contacts",
  "deals",
  "activities",
  "quotes",
  "line_items",
  "customers",
  "tenant",
  "keys",
] as const;

/** `read:accounts`, `write:*` or `*`: what a credential may do. */
export type Scope = string;

const pattern = new RegExp(`^(\\*|(read|write):(\\*|${scopeSubjects.join("|")}))$`);

/** Whether the text is a scope. */
export function isScope(text: string): boolean {
  return pattern.test(text);
}
