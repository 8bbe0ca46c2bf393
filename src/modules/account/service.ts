import type { Values } from "../../model/record.ts";
import { splitId } from "../../lib/id.ts";
import { textOf, type Draft } from "../../write/draft.ts";
import { externalKey, type EntityWrites } from "../../write/entity-writes.ts";
import { lockLastContact, refreshLastContact } from "../activity/service.ts";
import { contactWrites } from "../contact/service.ts";
import { accountInputs } from "./inputs.ts";
import { accountMerging } from "./merging.ts";
import { account } from "./model.ts";

/** How accounts are written. */
export const accountWrites: EntityWrites<"Account"> = {
  entity: account,
  inputs: accountInputs,
  upsertKeys: {
    ...externalKey,
    email: { field: "email", within: null },
    domain: { field: "domain", within: null },
  },
  rules: { check: (_unit, drafts) => drafts.forEach(nameFromDisplayName) },
  removal: {
    lock: (unit, ids, liveness) => lockLastContact(unit, "accountId", ids, liveness),
    after: refreshLastContact,
  },
  merging: { ...accountMerging, along: [contactWrites] },
};

/** `display_name` sets the name when there is none; what was read and is sent back sets nothing. */
function nameFromDisplayName({ before, sent, extras, values }: Draft<"Account">): void {
  const shown = textOf(extras, "display_name");
  if (shown === null || sent.name != null || shown === before?.displayName) return;
  if (before === null && isComputedName(shown, values)) return;
  values.name = shown;
}

/** What a new account shows without a name; the id of one that has nothing else counts for its copies too. */
function isComputedName(shown: string, { legalName, domain, email }: Values<"Account">): boolean {
  const first = legalName ?? domain ?? email;
  return first == null ? splitId(shown)?.prefix === account.prefix : shown === first;
}
