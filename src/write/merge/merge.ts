import type { Stored } from "../../model/record.ts";
import { scopeFor } from "../../auth/permissions.ts";
import { requireScopes } from "../../auth/require-scopes.ts";
import { idComplaint, readId } from "../../lib/id.ts";
import type { Entity } from "../../model/entity.ts";
import { name, param, raw, sql, type Sql } from "../../lib/sql.ts";
import type { WriteContext } from "../context.ts";
import type { EntityWrites } from "../entity-writes.ts";
import { lockHierarchy, lockMerges } from "../rules/hierarchy.ts";
import { lockEdges, type MovedEdges } from "./edges.ts";
import { carryOut, type Group, type Merged } from "./write.ts";
import type { MergePair } from "./parents.ts";
import { findTwins, readTwins } from "./twins.ts";
import { invalid, notFound, type Problem } from "../problem.ts";
import { referenceKeys, References } from "../references.ts";
import { Raced, runWrite } from "../run.ts";
import { checkVersion } from "../make-draft.ts";
import { RefusedRows } from "../refused.ts";
import type { WriteUnit } from "../unit.ts";
import { problemsOf } from "../refused.ts";

/** Which record goes over into which, with the versions that the caller read. */
type MergeInput = {
  readonly into: string;
  readonly from: string;
  readonly intoVersion?: number | null | undefined;
  readonly fromVersion?: number | null | undefined;
  /** Everything is worked out and nothing is written. */
  readonly dryRun?: boolean | null | undefined;
};

/** What a merge led to, or would lead to. */
export type MergeOutcome = {
  readonly dryRun: boolean;
  /** The records that were named first, then those that are one by that; none when it was refused. */
  readonly merged: readonly Merged[];
  readonly moved: readonly MovedEdges[];
  readonly problems: readonly Problem[];
};

/** Carries what a dry run found out of the transaction, which ends without it. */
class DryRun extends Error {
  readonly outcome: MergeOutcome;

  constructor(outcome: MergeOutcome) {
    super("dry run");
    this.name = "DryRun";
    this.outcome = outcome;
  }
}

/** Makes one record of two: see docs/writing.md. A dry run does all the same and takes it back. */
export function mergeRecords(
  context: WriteContext,
  writes: EntityWrites,
  input: MergeInput,
): Promise<MergeOutcome> {
  requireScopes(context.actor, [scopeFor("write", writes.entity.name)]);
  const dryRun = input.dryRun === true;
  return runWrite(context, {
    work: async (unit) => {
      const outcome = { dryRun, problems: [], ...(await mergeIn(unit, writes, input)) };
      if (!dryRun) return outcome;
      unit.finish();
      // What was sent is answered by then: what cannot be written fails here as it would there.
      await unit.rows(raw("SELECT 1"));
      throw new DryRun(outcome);
    },
    refused: (error) => {
      if (error instanceof DryRun) return error.outcome;
      const problems = problemsOf(error)?.get(0);
      return problems === undefined ? null : { dryRun, merged: [], moved: [], problems };
    },
  });
}

const refuse = (problems: readonly Problem[]): void => {
  if (problems.length > 0) throw new RefusedRows([[0, problems]], []);
};

async function mergeIn(
  unit: WriteUnit,
  writes: EntityWrites,
  input: MergeInput,
): Promise<Pick<MergeOutcome, "merged" | "moved">> {
  const { entity, merging: { along = [] } = {} } = writes;
  const ids = readIds(entity, input);
  lockMerges(unit, true);
  for (const { entity: kind } of [writes, ...along]) {
    const { hierarchy } = kind.rules;
    if (hierarchy !== undefined) lockHierarchy(unit, kind, hierarchy.key, true);
  }
  const seen = await lockOwners(unit, entity, [ids.into, ids.from]);
  const plan = new Map<string, ReadonlyMap<string, string>>();
  const groups: Group[] = [];
  const locked = new Map<Entity, Stored[]>();
  // In the order of the catalog, as all writers lock.
  for (const current of unit.catalog.entities) {
    const twins = along.find((one) => one.entity === current);
    if (current === entity) {
      plan.set(entity.name, new Map([[ids.from, ids.into]]));
      const also = childrenToRelease(unit, entity, seen, ids);
      const options = { lock: "exclusive", ids: [ids.into, ids.from], also } as const;
      locked.set(entity, await lockEdges(unit, entity, plan, options));
      groups.push({ writes, pairs: [await readPair(unit, entity, input, { ids, seen })] });
    } else if (twins === undefined) {
      locked.set(current, await lockEdges(unit, current, plan, { lock: "update" }));
    } else {
      const found = await findTwins(unit, entity, twins, ids);
      plan.set(current.name, found.survivors);
      locked.set(current, await lockEdges(unit, current, plan, found));
      groups.push({
        writes: twins,
        pairs: await readTwins(unit, entity, twins, { ids, found }),
      });
    }
  }
  return carryOut(unit, { plan, groups, locked });
}

type Ids = { readonly into: string; readonly from: string };

function readIds(entity: Entity, input: MergeInput): Ids {
  const [into, from] = [readId(entity.prefix, input.into), readId(entity.prefix, input.from)];
  const problems: Problem[] = [];
  if (into === null) problems.push(invalid(["into"], idComplaint(entity.prefix, input.into)));
  if (from === null) problems.push(invalid(["from"], idComplaint(entity.prefix, input.from)));
  if (into !== null && into === from) {
    problems.push(invalid(["from"], `is the same ${entity.type} as into; name another one.`));
  }
  refuse(problems);
  return { into: into ?? "", from: from ?? "" };
}

/** Locks what the two belong to, as it is before they are locked. */
async function lockOwners(
  unit: WriteUnit,
  entity: Entity,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Stored>> {
  const keys = referenceKeys(entity).filter(([, to]) => to !== entity.name);
  if (keys.length === 0) return new Map();
  const seen = await unit.read(entity, ids);
  const owners = [...seen.values()].flatMap((record) =>
    keys.flatMap(([key, to]) => {
      const id = record[key];
      return typeof id === "string" ? [{ entity: to, id, lock: "update" as const }] : [];
    }),
  );
  await new References().lock(unit, owners);
  return seen;
}

/** What is below a survivor that takes over the other's owner stays behind. */
function childrenToRelease(
  unit: WriteUnit,
  entity: Entity,
  seen: ReadonlyMap<string, Stored>,
  ids: Ids,
): Sql[] {
  const { hierarchy } = entity.rules;
  const owner = hierarchy?.within ?? null;
  const definition = entity.fields[hierarchy?.key ?? ""];
  if (owner === null || hierarchy === undefined || definition === undefined) return [];
  const [into, from] = [seen.get(ids.into)?.[owner], seen.get(ids.from)?.[owner]];
  if (into !== null || typeof from !== "string") return [];
  const column = raw(`e.${name(definition.column)}`);
  return [
    sql`SELECT e."id" FROM ${raw(name(entity.table))} e WHERE e."tenant_id" = ${unit.tenant} AND ${column} = ${param(ids.into, "uuid")}`,
  ];
}

async function readPair(
  unit: WriteUnit,
  entity: Entity,
  input: MergeInput,
  {
    ids,
    seen,
  }: {
    readonly ids: Ids;
    readonly seen: ReadonlyMap<string, Stored>;
  },
): Promise<MergePair> {
  const found = await unit.read(entity, [ids.into, ids.from]);
  const [into, from] = [found.get(ids.into), found.get(ids.from)];
  const problems: Problem[] = [];
  if (into === undefined) problems.push(notFound(["into"], entity.type));
  else checkVersion(entity, into, input.intoVersion, problems, "intoVersion");
  if (from === undefined) problems.push(notFound(["from"], entity.type));
  else checkVersion(entity, from, input.fromVersion, problems, "fromVersion");
  refuse(problems);
  if (into === undefined || from === undefined) throw new Error("a problem was not told");
  const keys = referenceKeys(entity).filter(([, to]) => to !== entity.name);
  const isMoved = (record: Stored) =>
    keys.some(([key]) => seen.get(record.id)?.[key] !== record[key]);
  if (isMoved(into) || isMoved(from)) throw new Raced();
  return { into, from };
}
