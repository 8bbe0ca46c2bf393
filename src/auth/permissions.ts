import type { Scope } from "./scopes.ts";

/** What may be done with something: reading it, and writing it where that goes by its own verbs. */
type Permission = { readonly read: Scope; readonly write: Scope };

/**
 * The scope that each action needs, for everything that has actions: entities by their names, and `customer`, which is
 * an account and its primary contact made in one act. Parts of a record go by the record's scope. A change event has none:
 * it needs what the records that it tells of need.
 */
const permissions = {
  tenant: { read: "read:tenant", write: "write:tenant" },
  department: { read: "read:tenant", write: "write:tenant" },
  apiKey: { read: "read:keys", write: "write:keys" },
  webhook: { read: "read:webhooks", write: "write:webhooks" },
  import: { read: "read:imports", write: "write:imports" },
  account: { read: "read:accounts", write: "write:accounts" },
  contact: { read: "read:contacts", write: "write:contacts" },
  deal: { read: "read:deals", write: "write:deals" },
  stageChange: { read: "read:deals", write: "write:deals" },
  activity: { read: "read:activities", write: "write:activities" },
  quote: { read: "read:quotes", write: "write:quotes" },
  lineItem: { read: "read:line_items", write: "write:line_items" },
  customer: { read: "read:customers", write: "write:customers" },
} as const satisfies Readonly<Record<string, Permission>>;

function isResource(name: string): name is keyof typeof permissions {
  return Object.hasOwn(permissions, name);
}

/** The scope that an action on something needs; something that the table does not know is a programming error. */
export function scopeFor(action: keyof Permission, name: string): Scope {
  if (!isResource(name)) throw new Error(`no permission is defined for "${name}"`);
  return permissions[name][action];
}
