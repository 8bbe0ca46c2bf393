import type { Stored, Values } from "../../model/record.ts";
import { isValueOf } from "../../model/datamodel.ts";
import type { Entity } from "../../model/entity.ts";
import { param, raw, sql, type Sql } from "../../lib/sql.ts";
import { isFaulty, type Draft, type WriteResult } from "../../write/draft.ts";
import type { WriteContext } from "../../write/context.ts";
import type { EntityWrites, Taken } from "../../write/entity-writes.ts";
import { readId, idComplaint } from "../../lib/id.ts";
import { parseInput } from "../../write/input.ts";
import type { Liveness } from "../../write/lock.ts";
import { invalid, notFound, type Problem } from "../../write/problem.ts";
import type { References } from "../../write/references.ts";
import { Raced } from "../../write/run.ts";
import { checkVersion } from "../../write/make-draft.ts";
import { readPlain } from "../../write/stored.ts";
import type { WriteUnit } from "../../write/unit.ts";
import { writeRows } from "../../write/write-rows.ts";
import { activityInputs, taskInput } from "./inputs.ts";
import { activity } from "./model.ts";

/** How activities are written: they are a log, so they are created and, tasks, completed. */
export const activityWrites: EntityWrites<"Activity"> = {
  entity: activity,
  inputs: activityInputs,
  defaults: { type: "note" },
  // Their time of the last contact moves with it.
  changesAlong: ["accountId", "contactId", "contacts"],
  rules: {
    attach: attachAccount,
    check: (unit, drafts, references) => {
      for (const draft of drafts) {
        checkAttached(draft, references);
        draft.values.occurredAt ??= unit.now;
        readType(draft);
        if (unit.skipsUnchanged) keepShownType(draft);
        checkSubject(draft);
      }
    },
    after: (unit, drafts, { references, links }) =>
      advanceLastContact(unit, drafts, links.get("contacts") ?? new Map(), references),
  },
};

/** Completes an activity: sets its time of completion and status `completed`. */
export async function completeActivity(
  context: WriteContext,
  sent: { readonly id: string; readonly version?: number | null | undefined },
): Promise<WriteResult> {
  return changeOpen(context, sent, ({ now }, { completedAt }) =>
    completedAt === null
      ? { values: { completedAt: now, status: "completed" }, problems: [] }
      : { values: {}, problems: [invalid(["id"], "is completed already; nothing is left to do.")] },
  );
}

/** Changes a task that is not completed: when it is due, who owns it, its subject. */
export async function updateTask(
  context: WriteContext,
  id: string,
  input: Values,
): Promise<WriteResult> {
  const { values, extras, problems } = parseInput(taskInput, input);
  const version = typeof extras["version"] === "number" ? extras["version"] : null;
  return changeOpen(context, { id, version }, (_unit, { type, completedAt, status }) => {
    if (type !== "task") {
      const complaint = `is a ${type}, which is a log entry: only tasks that are not completed change.`;
      return { values: {}, problems: [...problems, invalid(["id"], complaint)] };
    }
    const isDone = completedAt !== null || status?.toLowerCase() === "completed";
    const complaint = "is a completed task, which is a log entry: make a new task.";
    return { values, problems: isDone ? [...problems, invalid(["id"], complaint)] : problems };
  });
}

/** Changes one activity as `change` says, which also gives what stands in the way. */
async function changeOpen(
  context: WriteContext,
  sent: { readonly id: string; readonly version?: number | null | undefined },
  change: (
    unit: WriteUnit,
    before: Stored<"Activity">,
  ) => { readonly values: Values<"Activity">; readonly problems: readonly Problem[] },
): Promise<WriteResult> {
  const [result] = await writeRows(context, activity.name, 1, async (unit) => {
    const id = readId(activity.prefix, sent.id);
    if (id === null) return [refused(invalid(["id"], idComplaint(activity.prefix, sent.id)))];
    const before = (await unit.lock(activity, [id], "update")).get(id);
    if (before === undefined) return [refused(notFound(["id"], activity.type))];
    const problems: Problem[] = [];
    checkVersion(activity, before, sent.version, problems);
    const changed = change(unit, before);
    problems.push(...changed.problems);
    if (problems.length > 0) return [{ id: null, problems }];
    unit.update(activity, [{ before, values: changed.values }]);
    return [{ id, problems }];
  });
  return result ?? { id: null, problems: [] };
}

const refused = (problem: Problem): WriteResult => ({ id: null, problems: [problem] });

/** A deal's account, or else a contact's, is the activity's when none is said. */
async function attachAccount(unit: WriteUnit, drafts: readonly Draft<"Activity">[]): Promise<void> {
  const open = drafts.filter(
    (draft) => draft.values.accountId == null && !isFaulty(draft, "accountId"),
  );
  const ids = (field: "dealId" | "contactId") => open.flatMap(({ values }) => values[field] ?? []);
  const { catalog } = unit;
  const [deals, contacts] = await Promise.all([
    unit.read(catalog.entity("deal"), ids("dealId")),
    unit.read(catalog.entity("contact"), ids("contactId")),
  ]);
  for (const { values } of open) {
    const deal = deals.get(values.dealId ?? "");
    const contact = contacts.get(values.contactId ?? "");
    values.accountId = deal?.accountId ?? contact?.accountId ?? null;
  }
}

/** The account was found by the deal or contact: when that is of another one by now, it is looked for again. */
function checkAttached({ sent, values }: Draft<"Activity">, references: References): void {
  if (sent.accountId != null || values.accountId == null) return;
  const [deal, contact] = [
    references.get("deal", values.dealId),
    references.get("contact", values.contactId),
  ];
  const owner = values.dealId == null ? contact : deal;
  if (owner !== undefined && owner.accountId !== values.accountId) throw new Raced();
}

/** `activity_type` is `type` where it is one of the enum's values. */
function readType({ sent, values, problems }: Draft<"Activity">): void {
  const text = values.activityType?.toLowerCase() ?? "";
  if (!isValueOf("ActivityType", text)) return;
  if (sent.type == null) values.type = text;
  else if (sent.type !== text) {
    problems.push(invalid(["activity_type"], { complaint: "saysElse", other: "type" }));
  }
}

/** REST shows `type` as `activity_type` where nothing else is stored: what an export shows so stays unsaid. */
function keepShownType({ before, values }: Draft<"Activity">): void {
  if (before?.activityType === null && values.activityType === before.type) {
    values.activityType = null;
  }
}

function checkSubject(draft: Draft<"Activity">): void {
  const fields = ["accountId", "dealId", "contactId"] as const;
  const isSaid = fields.some((field) => draft.values[field] != null || isFaulty(draft, field));
  if (isSaid) return;
  draft.problems.push(
    invalid(["account_id"], "is needed, or deal_id or contact_id: what the activity was about."),
  );
}

/** A new activity is the last contact with its account and people, unless there was a later one. */
function advanceLastContact(
  unit: WriteUnit,
  drafts: readonly Draft<"Activity">[],
  contacts: ReadonlyMap<string, readonly string[]>,
  references: References,
): void {
  const latest = { account: new Map<string, string>(), contact: new Map<string, string>() };
  const earliest = new Map<string, string>();
  for (const { id, values } of drafts) {
    const at = values.occurredAt ?? unit.now;
    const account = values.accountId;
    if (account != null) {
      note(latest.account, account, at);
      // The first activity that is logged, not the earliest of a batch.
      if (!earliest.has(account)) earliest.set(account, at);
    }
    for (const contact of contacts.get(id) ?? []) note(latest.contact, contact, at);
  }
  const { catalog } = unit;
  unit.update(
    catalog.entity("account"),
    [...latest.account].flatMap(([id, at]) => {
      const before = references.get("account", id);
      if (before === undefined) return [];
      const isLater = isAfter(at, before.lastActivityAt);
      const isFirst = before.firstContactedAt === null;
      const values = {
        ...(isLater ? { lastActivityAt: at } : {}),
        ...(isFirst ? { firstContactedAt: earliest.get(id) ?? null } : {}),
      };
      return isLater || isFirst ? [{ before, values }] : [];
    }),
  );
  unit.update(
    catalog.entity("contact"),
    [...latest.contact].flatMap(([id, at]) => {
      const before = references.get("contact", id);
      return before !== undefined && isAfter(at, before.lastInteractionAt)
        ? [{ before, values: { lastInteractionAt: at } }]
        : [];
    }),
  );
}

const isAfter = (at: string, last: string | null): boolean => last === null || last < at;

function note(latest: Map<string, string>, id: string, at: string): void {
  const known = latest.get(id);
  if (known === undefined || known < at) latest.set(id, at);
}

/**
 * Locks the accounts and people whose last contact may become another one when these accounts or deals go or come
 * back. Whoever logs an activity locks in the same order: accounts, people, deals.
 */
export async function lockLastContact(
  unit: WriteUnit,
  field: "accountId" | "dealId",
  ids: readonly string[],
  liveness: Liveness,
): Promise<void> {
  const { tenant, catalog } = unit;
  // An account that goes itself is locked as such: after its people it would be too late.
  const gone =
    field === "dealId"
      ? ids
      : [...(await unit.lock(catalog.entity("account"), ids, "exclusive", liveness)).keys()];
  const roots = param(gone, "uuid[]");
  const column = raw(field === "dealId" ? "deal_id" : "account_id");
  const logged = sql`activities a WHERE a.tenant_id = ${tenant} AND a.${column} = ANY (${roots})`;
  const lock = (table: string, condition: Sql) =>
    unit.send(
      sql`SELECT FROM ${raw(table)} t WHERE t.tenant_id = ${tenant} AND (${condition}) ORDER BY t.id FOR NO KEY UPDATE`,
    );
  if (field === "dealId") {
    lock(
      "accounts",
      sql`t.id IN (SELECT d.account_id FROM deals d WHERE d.tenant_id = ${tenant} AND d.id = ANY (${roots}) UNION SELECT a.account_id FROM ${logged})`,
    );
  }
  const people = sql`SELECT l.contact_id FROM activity_contacts l WHERE l.tenant_id = ${tenant} AND l.activity_id IN (SELECT a.id FROM ${logged})`;
  const own =
    field === "accountId"
      ? sql` UNION SELECT c.id FROM contacts c WHERE c.tenant_id = ${tenant} AND c.account_id = ANY (${roots})`
      : raw("");
  lock("contacts", sql`t.id IN (${people}${own})`);
}

/** Works out anew when live records were last in contact, after activities went or came back, or they did. */
export async function refreshLastContact(
  unit: WriteUnit,
  taken: Taken,
  roots: readonly Pick<Stored<"Account">, "id" | "deletedAt">[],
): Promise<void> {
  const [account, contact] = [unit.catalog.entity("account"), unit.catalog.entity("contact")];
  const activities = taken.get(activity) ?? [];
  // What is gone keeps what it had; what came back may have missed something.
  const back = roots.filter((root) => root.deletedAt !== null).map(({ id }) => id);
  if (activities.length === 0 && back.length === 0) return;
  const ids = param(activities, "uuid[]");
  const returned = param(
    [...back, ...(back.length > 0 ? (taken.get(contact) ?? []) : [])],
    "uuid[]",
  );
  await refresh(unit, account, "lastActivityAt", {
    affected: sql`SELECT account_id FROM activities WHERE tenant_id = ${unit.tenant} AND id = ANY (${ids}) UNION SELECT unnest(${returned})`,
    latest: sql`SELECT max(a.occurred_at) FROM activities a WHERE a.tenant_id = ${unit.tenant} AND a.account_id = k.id AND a.deleted_at IS NULL`,
  });
  await refresh(unit, contact, "lastInteractionAt", {
    affected: sql`SELECT contact_id FROM activity_contacts WHERE tenant_id = ${unit.tenant} AND activity_id = ANY (${ids}) UNION SELECT unnest(${returned})`,
    latest: sql`SELECT max(a.occurred_at) FROM activity_contacts l JOIN activities a ON a.tenant_id = l.tenant_id AND a.id = l.activity_id WHERE l.tenant_id = ${unit.tenant} AND l.contact_id = k.id AND a.deleted_at IS NULL`,
  });
}

/** The rows are locked before their latest activity is looked for: whoever adds one holds the same lock. */
async function refresh(
  unit: WriteUnit,
  entity: Entity,
  field: string,
  { affected, latest }: { readonly affected: Sql; readonly latest: Sql },
): Promise<void> {
  const records = await unit.findAll(entity, sql`t."id" IN (${affected})`, "update");
  if (records.length === 0) return;
  const rows = await unit.rows(
    sql`SELECT k.id, (${latest}) FROM unnest(${param(
      records.map(({ id }) => id),
      "uuid[]",
    )}) AS k(id)`,
  );
  const definition = entity.fields[field];
  if (definition === undefined) throw new Error(`${entity.name} has no field ${field}`);
  const found = new Map(rows.map(([id, at]) => [id, readPlain(definition, at ?? null)]));
  unit.update(
    entity,
    records
      .filter((before) => before[field] !== found.get(before.id))
      .map((before) => ({ before, values: { [field]: found.get(before.id) ?? null } })),
  );
}
