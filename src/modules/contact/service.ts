import { splitId } from "../../lib/id.ts";
import { emailHost } from "../../model/kinds/email.ts";
import { phoneKey, readPhone } from "../../model/kinds/phone.ts";
import { isOneOf, raw } from "../../lib/sql.ts";
import { changes, sound, textOf, type Draft } from "../../write/draft.ts";
import { fitsIndex, maxLineLength, tooManyBytes } from "../../write/input-types.ts";
import type { EntityWrites } from "../../write/entity-writes.ts";
import type { Values } from "../../write/input.ts";
import type { Judge } from "../../write/judge.ts";
import { leftBehind } from "../../write/left-behind.ts";
import { isMoved, type Seen } from "../../write/lock-rows.ts";
import { invalid } from "../../write/problem.ts";
import {
  becomesPrimary,
  primariesBeside,
  restoredPrimary,
  yieldPrimary,
} from "../../write/primary.ts";
import { Raced } from "../../write/run.ts";
import type { References } from "../../write/references.ts";
import type { WriteUnit } from "../../write/unit.ts";
import { account } from "../account/model.ts";
import { refreshLastContact } from "../activity/service.ts";
import { contactInputs } from "./inputs.ts";
import { contactMerging } from "./merging.ts";
import { contact } from "./model.ts";

/** How contacts are written. */
export const contactWrites: EntityWrites = {
  entity: contact,
  inputs: contactInputs,
  defaults: { source: "edm", sourceType: "api" },
  upsertKeys: { email: { field: "email", within: "accountId" } },
  attach: attachByDomain,
  lockFor: (draft, field) =>
    field === "accountId" && becomesPrimary(draft, field) ? "update" : "reference",
  // Who reports to a contact relies on its account.
  isExclusive: (record, sent) => isMoved("accountId", record, sent),
  locksFirst: (sent) => sent["isPrimary"] === true,
  ownersOf: (record, sent) => {
    const id = sent["accountId"] ?? record["accountId"];
    return typeof id === "string" ? [{ entity: "account", id, lock: "update" }] : [];
  },
  besides: async (unit, seen) => [
    ...(await primariesBeside(unit, contact, seen, "accountId")),
    ...(await reportsOf(unit, seen)),
  ],
  hierarchy: { key: "reportsToContactId", maxDepth: null },
  rules: (unit, drafts, references) => {
    for (const draft of drafts) {
      if (draft.before === null) {
        draft.values["departmentId"] = unit.actor.departmentId;
        checkAttached(draft, references);
      } else {
        leaveAccount(draft);
      }
      keepPhone(draft);
      nameByHand(draft);
      checkNameFits(draft);
      stampOptIn(draft, unit.now);
    }
    return Promise.resolve();
  },
  together: (_unit, _drafts, references) => Promise.resolve(teamJudge(references)),
  prepare: (unit, drafts) => yieldPrimary(unit, contact, drafts, "accountId"),
  restored: async (unit, records) => {
    const primary = await restoredPrimary(unit, contact, records, "accountId");
    const left = await leftBehind(unit, records, { entity: contact, field: "reportsToContactId" });
    for (const id of left) primary.set(id, { ...primary.get(id), reportsToContactId: null });
    return primary;
  },
  finish: releaseReports,
  afterRestore: refreshLastContact,
  merging: contactMerging,
};

/** A new contact without account belongs to the one live account that has its email's domain. */
async function attachByDomain(unit: WriteUnit, drafts: readonly Draft[]): Promise<void> {
  const domains = new Map<Draft, string>();
  for (const draft of drafts) {
    const domain = emailHost(textOf(draft.values, "email") ?? "");
    const isFree = draft.before === null && draft.sent["accountId"] == null;
    const isSaid = draft.problems.some(({ path }) => path[0] === "account_id");
    if (isFree && !isSaid && domain !== null) domains.set(draft, domain);
  }
  if (domains.size === 0) return;
  const found = await unit.find(
    account,
    isOneOf(raw(`t."domain"`), [...new Set(domains.values())], "text"),
  );
  for (const [draft, domain] of domains) {
    const matches = found.filter((record) => record["domain"] === domain);
    if (matches.length === 1) draft.values["accountId"] = matches[0]?.id;
  }
}

/** The account was chosen for the caller: when it has gone since, another choice is made. */
function checkAttached({ sent, values }: Draft, references: References): void {
  const id = textOf(values, "accountId");
  if (id !== null && sent["accountId"] == null && references.get("account", id) === undefined) {
    throw new Raced();
  }
}

/** A contact that goes to another account leaves its manager and its place as primary contact behind, unless the input says otherwise. */
function leaveAccount(draft: Draft): void {
  if (!changes(draft, "accountId")) return;
  if (draft.sent["reportsToContactId"] === undefined) draft.values["reportsToContactId"] = null;
  if (draft.sent["isPrimary"] === undefined) draft.values["isPrimary"] = false;
}

/** `phone` must be a whole number and is kept in E.164; `phone_1` is kept as sent, and so is one text under both names. */
function keepPhone({ before, extras, values, problems }: Draft): void {
  const [text, asSent] = [textOf(extras, "phone"), textOf(extras, "phone_1")];
  if (text !== null) {
    // A record shows the number under both names, so it comes back under both and stays as it is.
    const isKnown = text === before?.["phone"] || text === asSent;
    const reading = isKnown ? { value: text } : readPhone(text);
    if ("complaint" in reading) problems.push(invalid(["phone"], reading.complaint));
    else values["phone"] = reading.value;
    if (asSent !== null && phoneKey(text) !== phoneKey(asSent)) {
      problems.push(invalid(["phone_1"], "says something else than phone; send one of the two."));
    }
  } else if (asSent !== null) values["phone"] = asSent;
  else if (extras["phone"] === null || extras["phone_1"] === null) values["phone"] = null;
}

/** A display name is set by hand only when it is not the computed one anyway; blank computes it again. */
function nameByHand({ before, extras, values, problems }: Draft): void {
  const shown = extras["display_name"];
  if (shown === undefined) return;
  if (shown === before?.["displayName"] && before !== null) return;
  const isComputed = isComputedName(shown, values);
  values["customDisplayName"] = isComputed ? null : shown;
  if (isComputed || typeof shown !== "string" || shown.length <= maxLineLength) return;
  const most = maxLineLength.toLocaleString("en");
  problems.push(invalid(["display_name"], `must have at most ${most} characters`));
}

/** What is computed without a name by hand; the id of a contact that has nothing else counts for its copies too. */
function isComputedName(shown: unknown, values: Values): boolean {
  if (typeof shown !== "string") return true;
  const person = [values["firstName"], values["lastName"]].filter(Boolean).join(" ");
  const computed = person || textOf(values, "email") || textOf(values, "phone");
  return computed === null ? splitId(shown)?.prefix === contact.prefix : shown === computed;
}

/** Lists are ordered by the computed name, which an index must hold. */
function checkNameFits({ values, problems }: Draft): void {
  const computed = `${textOf(values, "firstName") ?? ""} ${textOf(values, "lastName") ?? ""}`;
  if (textOf(values, "customDisplayName") !== null || fitsIndex(computed)) return;
  problems.push(invalid(["last_name"], `and first_name together ${tooManyBytes}.`));
}

function stampOptIn(draft: Draft, now: string): void {
  const { before, sent, values } = draft;
  const turnsTrue = values["optedIn"] === true && before?.["optedIn"] !== true;
  if (turnsTrue && sent["optedInAt"] == null) values["optedInAt"] = now;
}

/** A manager is of the same account, as both are by then. */
function teamJudge(references: References): Judge {
  const accounts = new Map<string, unknown>();
  return {
    leave: ({ id, values }) => accounts.set(id, values["accountId"]),
    check: (draft) => {
      const manager = references.get("contact", draft.values["reportsToContactId"]);
      // Who names itself closes a circle, which is told as such.
      const isSaid = draft.sent["reportsToContactId"] != null || changesTeam(draft);
      if (manager === undefined || manager.id === draft.id || !isSaid) return;
      const theirs = accounts.has(manager.id) ? accounts.get(manager.id) : manager["accountId"];
      if (theirs === draft.values["accountId"]) return;
      const message = "is a contact of another account; name one of the same.";
      draft.problems.push(invalid(["reports_to_contact_id"], message));
    },
    settle: ({ id, before, values }, stands) =>
      accounts.set(id, (stands ? values : before)?.["accountId"] ?? null),
  };
}

const changesTeam = (draft: Draft): boolean =>
  changes(draft, "accountId") || changes(draft, "reportsToContactId");

/** Who reports to contacts that go to another account. */
async function reportsOf(unit: WriteUnit, seen: readonly Seen[]): Promise<string[]> {
  const ids = seen
    .filter(({ record, sent }) => isMoved("accountId", record, sent))
    .map(({ record }) => record.id);
  if (ids.length === 0) return [];
  const reports = await unit.find(contact, isOneOf(raw(`t."reports_to_contact_id"`), ids, "uuid"));
  return reports.map(({ id }) => id);
}

/** Who reported to somebody that went to another account reports to nobody. */
async function releaseReports(unit: WriteUnit, drafts: readonly Draft[]): Promise<void> {
  const gone = sound(drafts).filter(
    (draft) => draft.before !== null && changes(draft, "accountId"),
  );
  if (gone.length === 0) return;
  const accountOf = new Map(gone.map(({ id, values }) => [id, values["accountId"]]));
  const reports = await unit.findAll(
    contact,
    isOneOf(raw(`t."reports_to_contact_id"`), [...accountOf.keys()], "uuid"),
    "update",
  );
  unit.update(
    contact,
    reports
      .filter(
        (report) => report["accountId"] !== accountOf.get(String(report["reportsToContactId"])),
      )
      .map((before) => ({ before, values: { reportsToContactId: null } })),
  );
}
