import type { Actor } from "../auth/actor.ts";
import { scopeFor } from "../auth/permissions.ts";
import { covers, requireScopes } from "../auth/require-scopes.ts";
import type { ChangeOperation } from "../changes/event-log.ts";
import { isRecord } from "../lib/json.ts";
import type { Catalog } from "../model/catalog.ts";
import type { Entity } from "../model/entity.ts";
import { readingCost, weights } from "../limits/weights.ts";
import { patternsIn, type Filter } from "../query/filter-value.ts";
import type { Sql } from "../lib/sql.ts";
import { matching } from "../query/page.ts";
import type { Row } from "../query/row.ts";
import { viewerSql, visible } from "../query/visible.ts";

/** What somebody listens for, with the rights that they have. */
export type Listening = {
  /** Whose tenant, application and scopes it goes by. */
  readonly actor: Actor;
  /** Kinds of records, by their GraphQL types (`Deal`); null for all that the actor may read. */
  readonly types: readonly string[] | null;
  readonly operations: readonly ChangeOperation[] | null;
  /** A filter over events, as the `changes` list takes it. */
  readonly where: Filter | null;
  /**
   * The records of one entity that are listened to: live ones that match a filter over records, before an event or
   * after it, or one by its bare UUID. Events then have a transition. Null for events as the `changes` list gives them.
   */
  readonly record: {
    readonly entity: Entity;
    readonly where: Filter | null;
    readonly id: string | null;
  } | null;
};

/** What an event did to a record's place in the list that is listened to: it came in, changed in it, or went out. */
export type Transition = "entered" | "changed" | "left";

/** An event for a listener. */
export type LiveEvent = {
  /** Its place in the tenant's log: a whole number of up to 18 digits. */
  readonly position: string;
  /** The event, as the `changes` list reads it. What the listener's application could not see is left out. */
  readonly event: Row;
  /** Null without `record`. */
  readonly transition: Transition | null;
};

/** A listening with its rights looked at, ready to be matched. Equal ones have the same key. */
export type Prepared = Listening & {
  readonly key: string;
  /** The question that PostgreSQL answers for it; null where every event of its types and operations matches. */
  readonly question: Question | null;
  readonly kinds: ReadonlySet<string>;
};

/** A filter with the application that it is asked for: the same for all listeners who ask it. */
export type Question = {
  readonly key: string;
  readonly appId: string | null;
  /** Of the records; null for a filter over events. */
  readonly entity: Entity | null;
  /** That a row `t` is in the list that is asked for. */
  readonly matches: Sql;
  /** That those who ask may see the row, deleted or not. */
  readonly seen: Sql;
  /** What it costs to ask it of one event, in points. */
  readonly cost: number;
};

/**
 * Looks at the rights of a listening: kinds that are named need their scopes, and so do the entities that its filter
 * leads to; kinds that are not named are those that the scopes cover.
 *
 * @throws GatewayError FORBIDDEN with the missing scopes; BAD_USER_INPUT or QUERY_TOO_COMPLEX for a filter that cannot
 * be used.
 */
export function prepare(catalog: Catalog, listening: Listening): Prepared {
  const { actor, types, operations, where, record } = listening;
  const named = record === null ? types : [record.entity.type];
  const told = catalog.entity("changeEvent").tellsOf ?? [];
  const known = told.map((name) => catalog.entity(name));
  const scopeOf = ({ name }: Entity) => scopeFor("read", name);
  const asked = known.filter(({ type }) => named?.includes(type) ?? true);
  const kinds = asked.filter((entity) => named !== null || covers(actor.scopes, scopeOf(entity)));
  const filtered = record === null ? [] : entitiesIn(catalog, record.entity, record.where);
  requireScopes(actor, [...kinds, ...filtered].map(scopeOf));
  const kept = kinds.filter(({ type }) => record === null || types?.includes(type) !== false);
  const question = questionOf(catalog, listening);
  const key = keyOf([
    kept.map(({ type }) => type),
    operations === null ? null : operations.toSorted(),
    record?.id ?? null,
    question?.key ?? null,
  ]);
  return { ...listening, where, key, question, kinds: new Set(kept.map(({ type }) => type)) };
}

function questionOf(catalog: Catalog, { actor, where, record }: Listening): Question | null {
  const { appId } = actor;
  if (record === null && appId === null && where === null) return null;
  const entity = record?.entity ?? catalog.entity("changeEvent");
  const asked = { entity, parent: null, where: record === null ? where : record.where };
  const viewer = viewerSql(actor);
  return {
    appId,
    key: keyOf([appId, record?.entity.type ?? null, asked.where]),
    entity: record?.entity ?? null,
    matches: matching({ ...asked, words: null, includeDeleted: false }, catalog, viewer),
    seen: visible(entity, "t", viewer, true),
    cost: costOf(entitiesIn(catalog, entity, asked.where).length, asked.where),
  };
}

function costOf(edges: number, where: Filter | null): number {
  // What is another application's is not what somebody asks for.
  if (where === null) return 0;
  const { event, edge } = weights.judged;
  return event + edges * edge + readingCost(patternsIn(where), false, "edge") * edge;
}

/** The same text only for values that mean the same. */
const keyOf = (value: unknown): string => JSON.stringify(value);

/** The entities that a filter leads to over edges. */
function entitiesIn(catalog: Catalog, entity: Entity, filter: unknown): Entity[] {
  if (Array.isArray(filter)) return filter.flatMap((one) => entitiesIn(catalog, entity, one));
  if (!isRecord(filter)) return [];
  return Object.entries(filter).flatMap(([name, value]) => {
    if (name === "and" || name === "or" || name === "not")
      return entitiesIn(catalog, entity, value);
    const relation = entity.relations[name];
    if (relation === undefined || entity.fields[name] !== undefined) return [];
    const target = catalog.entity(relation.to);
    // A record's history describes the record itself.
    const named = target.tellsOf === null ? [target] : [];
    const inner = relation.kind === "one" ? [value] : isRecord(value) ? Object.values(value) : [];
    return [...named, ...inner.flatMap((one) => entitiesIn(catalog, target, one))];
  });
}
