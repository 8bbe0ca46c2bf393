import type { Actor } from "../../auth/actor.ts";
import { param } from "../../lib/sql.ts";
import { Late } from "./call.ts";
import { NotCompiled, type Compilation, type Selected } from "./compilation.ts";
import type { Json } from "./json.ts";
import { hasId, printedObject, recordJson } from "./record.ts";

/** The caller's tenant. Its resolver fails if the tenant is gone. */
export function ownTenantJson(c: Compilation, selected: Selected): Json {
  const id = param(new Late(({ viewer }) => viewer.tenantId), "uuid");
  const entity = c.catalog.entity("tenant");
  return recordJson(c, c.root, selected, { entity, includeDeleted: false, condition: hasId(id) });
}

/** The caller as its credential describes it. */
export function viewerJson(c: Compilation, selected: Selected): Json {
  return membersOf(c, selected, {
    actor: (one) =>
      membersOf(c, one, {
        kind: () => said("kind"),
        id: () => said("id"),
        appId: () => said("appId"),
      }),
    tenant: (one) => ownTenantJson(c, one),
    scopes: () => said("scopes"),
  });
}

/** A value of the caller's credential as a parameter. */
const said = (member: keyof Actor): Json => [
  param(new Late(({ viewer }) => JSON.stringify(viewer[member])), "text"),
];

function membersOf(
  c: Compilation,
  selected: Selected,
  members: Readonly<Record<string, (one: Selected) => Json>>,
): Json {
  return printedObject(c, selected, (one) => {
    const member = members[one.name];
    if (member === undefined) throw new NotCompiled();
    return member(one);
  });
}
