/** What a scope can name: the entities, and what the customers APIs, the tenant, its keys, webhooks and imports need. */
const scopeSubjects = [
  "accounts",
  "contacts",
  "deals",
  "activities",
  "quotes",
  "line_items",
  "customers",
  "tenant",
  "keys",
  "webhooks",
  "imports",
] as const;

/** `read:accounts`, `write:*` or `*`: what a credential may do. */
export type Scope = "*" | `${"read" | "write"}:${"*" | (typeof scopeSubjects)[number]}`;

const scopes: ReadonlySet<string> = new Set([
  "*",
  ...["read", "write"].flatMap((verb) =>
    ["*", ...scopeSubjects].map((subject) => `${verb}:${subject}`),
  ),
]);

/** Whether the text is a scope. */
export function isScope(text: string): text is Scope {
  return scopes.has(text);
}
