import type { Stored, Values } from "../../model/record.ts";
import type { Entity } from "../../model/entity.ts";
import type { Field } from "../../model/field.ts";
import { isOneOf, join, name, param, raw, sql, type Sql } from "../../lib/sql.ts";
import { restName } from "../input.ts";
import { readPlain } from "../stored.ts";
import { quoted, relink, type JoinTable } from "../join-table.ts";
import { lockSql, type Lock } from "../lock.ts";
import { linksName } from "../rules/links.ts";
import type { WriteUnit } from "../unit.ts";

/** Who goes over into whom: entity → the id that goes → the id that stays. */
export type MergePlan = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** So many records that the caller may see refer to the one that stays from now on. */
export type MovedEdges = {
  /** GraphQL type of the records that refer. */
  readonly type: string;
  /** REST name of the reference. */
  readonly field: string;
  readonly count: number;
};

/** What becomes of records that refer to those that go. */
type Moves = {
  readonly values: ReadonlyMap<string, Values>;
  readonly links: readonly LinkMoves[];
  readonly moved: readonly MovedEdges[];
};

type LinkMoves = {
  readonly join: JoinTable;
  readonly field: string;
  readonly changes: readonly {
    readonly id: string;
    readonly before: readonly string[];
    readonly after: readonly string[];
  }[];
};

/** Beside the references: what a rule between records asks for, and what each write needs. */
const alsoRead = ({ rules: { primary } }: Entity): string[] => [
  "id",
  "version",
  "updatedAt",
  "appId",
  "deletedAt",
  ...(primary === undefined ? [] : [primary.field]),
];

/** The fields of an entity that name other records, those that the gateway keeps among them. */
function referencesOf({ fields }: Entity): [string, Field][] {
  return Object.entries(fields).filter(([field, { to }]) => to !== null && field !== "tenantId");
}

function edgesOf(entity: Entity, plan: MergePlan) {
  return referencesOf(entity).flatMap(([field, definition]) => {
    const gone = plan.get(definition.to ?? "");
    return gone === undefined || gone.size === 0
      ? []
      : [{ field, column: name(definition.column), gone }];
  });
}

function joinsOf(entity: Entity, plan: MergePlan) {
  return Object.values(entity.relations).flatMap((relation) => {
    const gone = relation.kind === "through" ? plan.get(relation.to) : undefined;
    return relation.kind !== "through" || gone === undefined || gone.size === 0
      ? []
      : [{ relation, gone, field: linksName(relation) }];
  });
}

/**
 * Locks, in the order of their ids, the records of an entity that refer to those that go, deleted ones too, whoever
 * may see them; `ids` and what `also` selects beside them. Gives what of them may change.
 */
export async function lockEdges(
  unit: WriteUnit,
  entity: Entity,
  plan: MergePlan,
  {
    lock,
    ids = [],
    also = [],
  }: { readonly lock: Lock; readonly ids?: readonly string[]; readonly also?: readonly Sql[] },
): Promise<Stored[]> {
  const table = raw(name(entity.table));
  const { tenant } = unit;
  const sources = [
    ...(ids.length > 0 ? [sql`SELECT unnest(${param(ids, "uuid[]")})`] : []),
    ...edgesOf(entity, plan).map(
      ({ column, gone }) =>
        sql`SELECT e."id" FROM ${table} e WHERE e."tenant_id" = ${tenant} AND ${isOneOf(raw(`e.${column}`), [...gone.keys()], "uuid")}`,
    ),
    ...joinsOf(entity, plan).map(
      ({ relation, gone }) =>
        sql`SELECT l.${raw(name(relation.source))} FROM ${raw(name(relation.table))} l WHERE l."tenant_id" = ${tenant} AND ${isOneOf(raw(`l.${name(relation.target)}`), [...gone.keys()], "uuid")}`,
    ),
    ...also,
  ];
  if (sources.length === 0) return [];
  const read = [
    ...alsoRead(entity).flatMap((field): [string, Field][] => {
      const definition = entity.fields[field];
      return definition === undefined ? [] : [[field, definition]];
    }),
    ...referencesOf(entity),
  ];
  const columns = raw(read.map(([, definition]) => `t.${name(definition.column)}`).join(", "));
  // As an array: so the plan does not depend on how many rows PostgreSQL expects a UNION to give.
  const rows = await unit.rows(
    sql`SELECT ${columns} FROM ${table} t WHERE t."tenant_id" = ${tenant} AND t."id" = ANY (ARRAY(${join(sources, " UNION ")})) ORDER BY t."id" ${raw(lockSql[lock])}`,
  );
  return rows.map((cells) => {
    const record = Object.fromEntries(
      read.map(([field, definition], index) => [
        field,
        readPlain(definition, cells[index] ?? null),
      ]),
    );
    return { ...record, id: String(record["id"]) };
  });
}

/** What becomes of the locked records of an entity; `adjust` adds what follows from that, by the entity's rules. */
export async function planMoves(
  unit: WriteUnit,
  entity: Entity,
  rows: readonly Stored[],
  {
    plan,
    adjust,
  }: { readonly plan: MergePlan; readonly adjust: (row: Stored, moved: Values) => Values },
): Promise<Moves> {
  const visible = new Set(rows.filter((row) => isVisible(unit, entity, row)).map(({ id }) => id));
  const counts = new Map<string, number>();
  const count = (field: string, id: string) => {
    if (visible.has(id)) counts.set(field, (counts.get(field) ?? 0) + 1);
  };
  const edges = edgesOf(entity, plan);
  const values = new Map<string, Values>();
  for (const row of rows) {
    const mapped = Object.fromEntries(
      edges.flatMap(({ field, gone }) => {
        const to = gone.get(String(row[field]));
        return to === undefined ? [] : [[field, to]];
      }),
    );
    const moved: Values = { ...mapped, ...adjust(row, mapped) };
    if (Object.keys(moved).length === 0) continue;
    values.set(row.id, moved);
    for (const field of Object.keys(moved)) {
      if (field !== entity.rules.primary?.field) count(field, row.id);
    }
  }
  const links = await planLinks(unit, entity, plan);
  for (const { field, changes } of links) {
    for (const { id } of changes) {
      count(field, id);
      values.set(id, values.get(id) ?? {});
    }
  }
  const fields = [...referencesOf(entity).map(([field]) => field), ...links.map((l) => l.field)];
  return {
    values,
    links,
    moved: fields.flatMap((field) => {
      const moved = counts.get(field);
      return moved === undefined
        ? []
        : [{ type: entity.type, field: restName(field), count: moved }];
    }),
  };
}

/** What an application may be told of. */
function isVisible({ actor }: WriteUnit, entity: Entity, row: Stored): boolean {
  return (
    actor.appId === null || entity.fields["appId"] === undefined || row["appId"] === actor.appId
  );
}

async function planLinks(unit: WriteUnit, entity: Entity, plan: MergePlan): Promise<LinkMoves[]> {
  return Promise.all(
    joinsOf(entity, plan).map(async ({ relation, gone, field }) => {
      const { table, source, target } = quoted(relation);
      const rows = await unit.rows(
        sql`SELECT ${source}, ${target} FROM ${table} WHERE tenant_id = ${unit.tenant} AND ${source} = ANY (ARRAY(
          SELECT l.${source} FROM ${table} l WHERE l.tenant_id = ${unit.tenant} AND ${isOneOf(sql`l.${target}`, [...gone.keys()], "uuid")}
        )) ORDER BY ${source}, ${target}`,
      );
      const linked = new Map<string, string[]>();
      for (const [from, to] of rows) {
        linked.set(from ?? "", [...(linked.get(from ?? "") ?? []), to ?? ""]);
      }
      const changes = [...linked].map(([id, before]) => ({
        id,
        before,
        after: [...new Set(before.map((other) => gone.get(other) ?? other))],
      }));
      return { join: relation, field, changes };
    }),
  );
}

/** Writes what was planned; records in `written` are written elsewhere. */
export function writeMoves(
  unit: WriteUnit,
  entity: Entity,
  rows: readonly Stored[],
  { values, links }: Moves,
  written: ReadonlySet<string>,
): void {
  unit.update(
    entity,
    rows.flatMap((before) => {
      const moved = values.get(before.id);
      return moved === undefined || written.has(before.id) ? [] : [{ before, values: moved }];
    }),
  );
  for (const { join: table, field, changes } of links) {
    for (const { id, before, after } of changes) unit.note(entity, id, field, before, after);
    relink(
      unit,
      table,
      changes.map(({ id, before, after }) => ({
        id,
        add: after.filter((other) => !before.includes(other)),
        remove: before.filter((other) => !after.includes(other)),
      })),
    );
  }
}
