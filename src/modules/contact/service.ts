import type { Values } from "../../model/record.ts";
import { splitId } from "../../lib/id.ts";
import { wordsOf } from "../../lib/messages.ts";
import { emailHost } from "../../model/kinds/email.ts";
import { phoneKey, readPhone } from "../../model/kinds/phone.ts";
import { isOneOf, raw } from "../../lib/sql.ts";
import { textOf, type Draft } from "../../write/draft.ts";
import { fitsIndex, maxLineLength, tooManyBytes } from "../../model/kinds/parts/text-schema.ts";
import { externalKey, type EntityWrites } from "../../write/entity-writes.ts";
import { invalid } from "../../write/problem.ts";
import { Raced } from "../../write/run.ts";
import type { References } from "../../write/references.ts";
import type { WriteUnit } from "../../write/unit.ts";
import { account } from "../account/model.ts";
import { refreshLastContact } from "../activity/service.ts";
import { contactInputs } from "./inputs.ts";
import { contactMerging } from "./merging.ts";
import { contact } from "./model.ts";

/** How contacts are written. */
export const contactWrites: EntityWrites<"Contact"> = {
  entity: contact,
  inputs: contactInputs,
  upsertKeys: { ...externalKey, email: { field: "email", within: "accountId" } },
  rules: {
    attach: attachByDomain,
    check: (unit, drafts, references) => {
      for (const draft of drafts) {
        if (draft.before === null) {
          draft.values.departmentId = unit.actor.departmentId;
          checkAttached(draft, references);
        }
        keepPhone(draft);
        nameByHand(draft);
        checkNameFits(draft);
        stampOptIn(draft, unit.now);
      }
    },
  },
  removal: { after: refreshLastContact },
  merging: contactMerging,
};

/** A new contact without account belongs to the one live account that has its email's domain. */
async function attachByDomain(unit: WriteUnit, drafts: readonly Draft<"Contact">[]): Promise<void> {
  const domains = new Map<Draft<"Contact">, string>();
  for (const draft of drafts) {
    const domain = emailHost(draft.values.email ?? "");
    const isFree = draft.before === null && draft.sent.accountId == null;
    const isSaid = draft.problems.some(({ path }) => path[0] === "account_id");
    if (isFree && !isSaid && domain !== null) domains.set(draft, domain);
  }
  if (domains.size === 0) return;
  const found = await unit.find(
    account,
    isOneOf(raw(`t."domain"`), [...new Set(domains.values())], "text"),
  );
  for (const [draft, domain] of domains) {
    const matches = found.filter((record) => record.domain === domain);
    if (matches.length === 1) draft.values.accountId = matches[0]?.id;
  }
}

/** The account was chosen for the caller: when it has gone since, another choice is made. */
function checkAttached({ sent, values }: Draft<"Contact">, references: References): void {
  const id = values.accountId;
  if (id != null && sent.accountId == null && references.get("account", id) === undefined) {
    throw new Raced();
  }
}

/** `phone` must be a whole number and is kept in E.164; `phone_1` is kept as sent, and so is one text under both names. */
function keepPhone({ before, extras, values, problems }: Draft<"Contact">): void {
  const [text, asSent] = [textOf(extras, "phone"), textOf(extras, "phone_1")];
  if (text !== null) {
    // A record shows the number under both names, so it comes back under both and stays as it is.
    const isKnown = text === before?.phone || text === asSent;
    const reading = isKnown ? { value: text } : readPhone(text);
    if ("complaint" in reading) problems.push(invalid(["phone"], reading.complaint));
    else values.phone = reading.value;
    if (asSent !== null && phoneKey(text) !== phoneKey(asSent)) {
      problems.push(invalid(["phone_1"], { complaint: "saysElse", other: "phone" }));
    }
  } else if (asSent !== null) values.phone = asSent;
  else if (extras["phone"] === null || extras["phone_1"] === null) values.phone = null;
}

/** A display name is set by hand only when it is not the computed one anyway; blank computes it again. */
function nameByHand({ before, extras, values, problems }: Draft<"Contact">): void {
  if (extras["display_name"] === undefined) return;
  const shown = textOf(extras, "display_name");
  if (shown === before?.displayName && before !== null) return;
  const isComputed = shown === null || isComputedName(shown, values);
  values.customDisplayName = isComputed ? null : shown;
  if (isComputed || shown.length <= maxLineLength) return;
  problems.push(invalid(["display_name"], { complaint: "tooLong", max: maxLineLength }));
}

/** What is computed without a name by hand; the id of a contact that has nothing else counts for its copies too. */
function isComputedName(shown: string, values: Values<"Contact">): boolean {
  const person = [values.firstName, values.lastName].filter(Boolean).join(" ");
  const computed = person || values.email || values.phone || null;
  return computed === null ? splitId(shown)?.prefix === contact.prefix : shown === computed;
}

/** Lists are ordered by the computed name, which an index must hold. */
function checkNameFits({ values, problems }: Draft<"Contact">): void {
  const computed = `${values.firstName ?? ""} ${values.lastName ?? ""}`;
  if (values.customDisplayName != null || fitsIndex(computed)) return;
  problems.push(invalid(["last_name"], `and first_name together ${wordsOf(tooManyBytes)}.`));
}

function stampOptIn(draft: Draft<"Contact">, now: string): void {
  const { before, sent, values } = draft;
  const turnsTrue = values.optedIn === true && before?.optedIn !== true;
  if (turnsTrue && sent.optedInAt == null) values.optedInAt = now;
}
