import { v7 as uuidv7 } from "uuid";
import type { Stored, Values } from "../../model/record.ts";
import type { Actor } from "../../auth/actor.ts";
import { makeSecret } from "../../auth/api-key.ts";
import { covers } from "../../auth/require-scopes.ts";
import { isScope } from "../../auth/scopes.ts";
import { idComplaint, readId } from "../../lib/id.ts";
import type { WriteContext } from "../../write/context.ts";
import type { Draft, WriteResult } from "../../write/draft.ts";
import type { EntityWrites } from "../../write/entity-writes.ts";
import { parseInput } from "../../write/input.ts";
import { invalid, notFound, type Problem } from "../../write/problem.ts";
import { createIn } from "../../write/save.ts";
import type { WriteUnit } from "../../write/unit.ts";
import { writeRows } from "../../write/write-rows.ts";
import { apiKeyInputs } from "./inputs.ts";
import { apiKey } from "./model.ts";

const defaultGraceMinutes = 60;
const maxGraceMinutes = 7 * 24 * 60;
/** Keys that make keys that make keys: each is counted in the minutes of all before it. */
const maxMakers = 8;

/** How API keys are written. Nobody gives a key more than they have themselves. */
const apiKeyWrites: EntityWrites<"ApiKey"> = {
  entity: apiKey,
  inputs: apiKeyInputs,
  defaults: { environment: "live" },
  rules: { check: checkKeys },
};

function checkKeys(unit: WriteUnit, drafts: readonly Draft<"ApiKey">[]): void {
  for (const draft of drafts) {
    checkGrant(unit, draft);
    checkBinding(unit, draft);
    checkBounds(unit, draft);
    drawOnMaker(unit, draft);
  }
}

/** Makes a key; its secret is in the result and nowhere else. */
export function createApiKey(context: WriteContext, input: Values): Promise<WriteResult> {
  return writeOne(context, async (unit) => {
    const secrets = new Map<string, string>();
    const writes: EntityWrites<"ApiKey"> = {
      ...apiKeyWrites,
      rules: {
        check: (_unit, drafts) => {
          checkKeys(unit, drafts);
          giveSecrets(drafts, secrets);
        },
      },
    };
    const [draft] = await createIn(unit, writes, [parseInput(apiKeyInputs.create, input)], "abort");
    return made(draft?.id ?? "", secrets.get(draft?.id ?? "") ?? "");
  });
}

/** Makes a key invalid at once. */
export function revokeApiKey(context: WriteContext, id: string): Promise<WriteResult> {
  return writeOne(context, async (unit) => {
    const { before, problems } = await lockKey(unit, id);
    if (before === null) return { id: null, problems };
    problems.push(...untouchable(unit, before));
    if (problems.length > 0) return { id: null, problems };
    // Revoking it again changes nothing.
    if (before.revokedAt === null) {
      unit.update(apiKey, [{ before, values: { revokedAt: unit.now } }]);
    }
    return { id: before.id, problems };
  });
}

/** Makes a key that may do the same; the old one works on for a grace time. */
export function rotateApiKey(
  context: WriteContext,
  { id, graceMinutes }: { readonly id: string; readonly graceMinutes?: number | null | undefined },
): Promise<WriteResult> {
  return writeOne(context, async (unit) => {
    const grace = graceMinutes ?? defaultGraceMinutes;
    const { before, problems } = await lockKey(unit, id);
    if (grace < 0 || grace > maxGraceMinutes) {
      problems.push(invalid(["graceMinutes"], `must be from 0 to ${maxGraceMinutes} (a week).`));
    }
    if (before === null || problems.length > 0) return { id: null, problems };
    const now = Date.parse(unit.now);
    const expiresAt = before.expiresAt === null ? null : Date.parse(before.expiresAt);
    if (before.revokedAt !== null || (expiresAt !== null && expiresAt <= now)) {
      problems.push(invalid(["id"], "is a key that works no more; create a new one."));
    }
    problems.push(...untouchable(unit, before));
    if (outlasts(unit, before)) {
      problems.push(
        invalid(["id"], "is a key that lasts longer, or has more quota, than the caller."),
      );
    }
    if (problems.length > 0) return { id: null, problems };
    const newId = uuidv7();
    const { key, hash } = makeSecret(before.environment, newId);
    unit.insert(apiKey, [
      {
        ...before,
        id: newId,
        secretHash: bytesText(hash),
        quotaIds: quotaIdsOf(before),
        lastUsedAt: null,
        version: 1,
        createdAt: unit.now,
        createdBy: unit.actor.id,
      },
    ]);
    const end = Math.min(now + grace * 60_000, expiresAt ?? Number.POSITIVE_INFINITY);
    unit.update(apiKey, [{ before, values: { expiresAt: new Date(end).toISOString() } }]);
    return made(newId, key);
  });
}

/** The minutes that a key draws on, also when it was made before keys told. */
function quotaIdsOf({ id, quotaIds }: Stored<"ApiKey">): readonly string[] {
  return quotaIds.length > 0 ? quotaIds : [id];
}

/** A caller cannot change a key that has more rights than the caller. */
function untouchable(unit: WriteUnit, key: Stored<"ApiKey">): Problem[] {
  const isBound = bindings(unit).some(({ field, own }) => own !== null && key[field] !== own);
  return [
    ...(mayGrant(unit, key.scopes)
      ? []
      : [invalid(["id"], "is a key that may do more than the caller itself.")]),
    ...(isBound
      ? [invalid(["id"], "is not a key of the caller's own application or department.")]
      : []),
  ];
}

const made = (id: string, secret: string): WriteResult => ({ id, problems: [], extra: { secret } });

async function writeOne(
  context: WriteContext,
  work: (unit: WriteUnit) => Promise<WriteResult>,
): Promise<WriteResult> {
  const [result] = await writeRows(context, apiKey.name, 1, async (unit) => [await work(unit)]);
  return result ?? { id: null, problems: [] };
}

/** PostgreSQL's text for bytes. */
const bytesText = (bytes: Buffer): string => `\\x${bytes.toString("hex")}`;

function giveSecrets(drafts: readonly Draft<"ApiKey">[], secrets: Map<string, string>): void {
  for (const { id, values } of drafts) {
    const { key, hash } = makeSecret(values.environment ?? "", id);
    secrets.set(id, key);
    values.secretHash = bytesText(hash);
  }
}

async function lockKey(
  unit: WriteUnit,
  sent: string,
): Promise<{ before: Stored<"ApiKey"> | null; problems: Problem[] }> {
  const id = readId(apiKey.prefix, sent);
  if (id === null) {
    return { before: null, problems: [invalid(["id"], idComplaint(apiKey.prefix, sent))] };
  }
  const before = (await unit.lock(apiKey, [id], "update")).get(id) ?? null;
  return { before, problems: before === null ? [notFound(["id"], "API key")] : [] };
}

function mayGrant({ actor }: WriteUnit, scopes: readonly string[]): boolean {
  return scopes.every((scope) => isScope(scope) && covers(actor.scopes, scope));
}

function checkGrant(unit: WriteUnit, { values, problems }: Draft<"ApiKey">): void {
  for (const [place, scope] of (values.scopes ?? []).entries()) {
    if (mayGrant(unit, [scope])) continue;
    const message = "is more than the caller itself may; leave it out.";
    problems.push(invalid(["scopes", String(place)], message));
  }
}

/** A key that was issued for an application or a department makes keys for no other. */
function checkBinding(unit: WriteUnit, { values, problems }: Draft<"ApiKey">): void {
  for (const { field, path, own } of bindings(unit)) {
    if (own === null) continue;
    values[field] ??= own;
    if (values[field] !== own) {
      problems.push(invalid([path], "must be the caller's own; or leave it out."));
    }
  }
}

/** Whether a key lives longer, or has a larger quota, than the caller's credential. */
function outlasts({ actor }: WriteUnit, key: Stored<"ApiKey">): boolean {
  const end = actor.expiresAt?.toISOString() ?? null;
  return (end !== null && (key.expiresAt ?? "9999") > end) || hasMoreQuota(actor, key);
}

/** A person or the operator gives any quota; a key none but its own, which is the default where it says nothing. */
function hasMoreQuota(actor: Actor, key: Stored<"ApiKey">): boolean {
  const { requestsPerMinute, defaultRequestsPerMinute: usual } = actor;
  const [own] = actor.quotas ?? [];
  if (usual === undefined) return false;
  // What draws on the caller's minute has no more, whatever it says.
  if (own !== undefined && quotaIdsOf(key).includes(own.id)) return false;
  return (key.requestsPerMinute ?? usual) > (requestsPerMinute ?? usual);
}

/** A key does not outlive its maker and has no larger quota; what is left out is the maker's. */
function checkBounds({ actor, now }: WriteUnit, { values, problems }: Draft<"ApiKey">): void {
  if (values.expiresAt != null && values.expiresAt <= now) {
    problems.push(invalid(["expires_at"], "must be in the future."));
  }
  if (actor.expiresAt !== null) {
    const last = actor.expiresAt.toISOString();
    values.expiresAt ??= last;
    if (values.expiresAt > last) {
      problems.push(invalid(["expires_at"], "must not be later than the caller's own expiry."));
    }
  }
  if (actor.requestsPerMinute !== null) {
    values.requestsPerMinute ??= actor.requestsPerMinute;
    if (values.requestsPerMinute > actor.requestsPerMinute) {
      problems.push(invalid(["requests_per_minute"], "must not be more than the caller's own."));
    }
  }
}

/** A key draws on the minutes of the key that made it. A key that a person or the operator made has its own. */
function drawOnMaker({ actor }: WriteUnit, { id, values, problems }: Draft<"ApiKey">): void {
  const makers = actor.quotas ?? [];
  values.quotaIds = makers.length === 0 ? [] : [id, ...makers.map((maker) => maker.id)];
  if (makers.length <= maxMakers) return;
  const message = `This key was made by way of ${maxMakers} others; make the new one with one of those.`;
  problems.push(invalid([], message));
}

/** What a caller is bound to; null where it is not. */
function bindings({ actor: { appId, departmentId } }: WriteUnit) {
  return [
    { field: "appId", path: "app_id", own: appId },
    { field: "departmentId", path: "department_id", own: departmentId },
  ] as const;
}
