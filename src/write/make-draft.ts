import type { ModelName } from "../model/datamodel.ts";
import type { Stored, Values } from "../model/record.ts";
import { isDeepStrictEqual } from "node:util";
import { newId } from "../lib/new-id.ts";
import type { Entity } from "../model/entity.ts";
import type { Draft, RowInput } from "./draft.ts";
import type { EntityWrites } from "./entity-writes.ts";
import { edited, type ParsedInput } from "./input.ts";
import { conflict, type Problem } from "./problem.ts";
import type { WriteUnit } from "./unit.ts";

/** What a field of a new record holds when nothing is said of it. */
function defaultOf(writes: EntityWrites, name: string): unknown {
  const definition = writes.entity.fields[name];
  if (definition === undefined || definition.nullable) return null;
  return writes.defaults?.[name] ?? definition.default ?? definition.kind.empty;
}

/** What a new record holds before anything is said, and which of the gateway's stamps it has. */
type Blank = { readonly values: Values; readonly stamped: ReadonlySet<string> };

const blanks = new WeakMap<EntityWrites, Blank>();

function blankOf(writes: EntityWrites): Blank {
  let blank = blanks.get(writes);
  if (blank === undefined) {
    const fields = Object.entries(writes.entity.fields);
    blank = {
      values: Object.fromEntries(fields.map(([name]) => [name, defaultOf(writes, name)])),
      stamped: new Set(fields.flatMap(([name, { managed }]) => (managed ? [name] : []))),
    };
    blanks.set(writes, blank);
  }
  return blank;
}

/** A new record with its defaults and stamps. */
export function newDraft<Model extends ModelName>(
  unit: WriteUnit,
  writes: EntityWrites<Model>,
  input: ParsedInput,
  index: number,
): Draft<Model>;
export function newDraft(
  unit: WriteUnit,
  writes: EntityWrites,
  input: ParsedInput,
  index: number,
): Draft {
  const id = newId();
  const blank = blankOf(writes);
  const values: Record<string, unknown> & { id: string } = { ...blank.values, id };
  const { values: sent, problems } = edited(writes.inputs.update, input, blank.values);
  for (const [name, value] of Object.entries(sent)) {
    if (value !== null) values[name] = value;
  }
  const { actor, now } = unit;
  const stamps: Values = {
    appId: actor.appId,
    schemaVersion: 1,
    version: 1,
    createdAt: now,
    createdBy: actor.id,
    updatedAt: now,
    updatedBy: actor.id,
  };
  for (const [name, value] of Object.entries(stamps)) {
    if (blank.stamped.has(name)) values[name] = value;
  }
  values["tenantId"] = actor.tenantId;
  values.id = id;
  return {
    index,
    id,
    before: null,
    sent,
    extras: input.extras,
    values,
    problems: [...problems],
    drawn: input.drawn,
  };
}

/** A record as it shall be after a change. */
export function changedDraft<Model extends ModelName>(
  writes: EntityWrites<Model>,
  row: RowInput,
  before: Stored<Model>,
): Draft<Model>;
export function changedDraft(writes: EntityWrites, row: RowInput, before: Stored): Draft {
  const { entity } = writes;
  const { extras, linking } = row.input;
  const same = withoutUnchanged(row.input, before);
  const { values: sent, problems } = edited(writes.inputs.update, same, before);
  const draft: Draft = {
    index: row.index,
    id: row.id,
    before,
    sent,
    extras,
    values: { ...before, ...sent, id: row.id },
    problems: [...problems],
    ...(linking === undefined ? {} : { linking }),
  };
  checkVersion(entity, before, extras["version"], draft.problems);
  return draft;
}

/** A value that is sent as it is stored is not judged: it may have been stored before a rule became stricter. */
function withoutUnchanged(input: ParsedInput, before: Stored): ParsedInput {
  const { values, problems, asSent = [] } = input;
  const changed = new Set(
    asSent.flatMap(({ field, value }) => (isDeepStrictEqual(value, before[field]) ? [] : [field])),
  );
  const unchanged = asSent.filter(({ field }) => !changed.has(field));
  const names = new Set(unchanged.map(({ rest }) => rest));
  return {
    ...input,
    values: {
      ...values,
      ...Object.fromEntries(unchanged.map(({ field }) => [field, before[field]])),
    },
    problems: problems.filter(({ path: [rest = ""] }) => !names.has(rest)),
  };
}

/** Adds a conflict when the caller read another version than the current one. */
export function checkVersion(
  entity: Entity,
  before: Stored,
  version: unknown,
  problems: Problem[],
  argument = "version",
): void {
  if (version == null || version === before["version"]) return;
  problems.push(
    conflict(
      [argument],
      { complaint: "stale", type: entity.type, version: Number(before["version"]) },
      { entity: entity.name, id: before.id },
    ),
  );
}
