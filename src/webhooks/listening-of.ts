import { coerceInputValue, isInputType, type GraphQLSchema } from "graphql";
import type { Actor } from "../auth/actor.ts";
import { badInput } from "../lib/errors.ts";
import { isRecord } from "../lib/json.ts";
import { prepare, type Listening } from "../live/listening.ts";
import type { Catalog } from "../model/catalog.ts";
import type { EndpointSettings } from "../modules/webhook/endpoint.ts";
import type { Filter } from "../query/filter-value.ts";
import { matching } from "../query/page.ts";
import { viewerSql } from "../query/visible.ts";

type Settings = Pick<EndpointSettings, "types" | "operations" | "filter">;

/**
 * What an endpoint listens for, with the rights of an actor. With one type of records its filter is one of those records,
 * else of events.
 *
 * @throws GatewayError BAD_USER_INPUT at `where` if the filter is none, FORBIDDEN if the actor may not listen so.
 */
export function listeningOf(
  schema: GraphQLSchema,
  catalog: Catalog,
  { types, operations, filter }: Settings,
  actor: Actor,
): Listening {
  const [type] = types;
  const only = types.length === 1 && type !== undefined ? catalog.byType(type) : null;
  // Webhooks are no records with a list.
  const entity = only?.isNode === true && filter !== null ? only : null;
  const where =
    filter === null ? null : readFilter(schema, `${entity?.type ?? "ChangeEvent"}Filter`, filter);
  return {
    actor,
    types: types.length === 0 ? null : types,
    operations: operations.length === 0 ? null : operations,
    where: entity === null ? where : null,
    record: entity === null ? null : { entity, where, id: null },
  };
}

/** The same, looked at as closely as a list looks at its filter. */
export function checkListening(
  schema: GraphQLSchema,
  catalog: Catalog,
  settings: Settings,
  actor: Actor,
): void {
  const listening = listeningOf(schema, catalog, settings, actor);
  prepare(catalog, listening);
  const entity = listening.record?.entity ?? catalog.entity("changeEvent");
  const where = listening.record?.where ?? listening.where;
  const list = { entity, parent: null, where, words: null, includeDeleted: false };
  matching(list, catalog, viewerSql(actor));
}

function readFilter(schema: GraphQLSchema, name: string, sent: unknown): Filter {
  const type = schema.getType(name);
  if (!isInputType(type)) throw new Error(`there is no input ${name}`);
  const read: unknown = coerceInputValue(sent, type, (path, _value, error) => {
    throw badInput(["where", ...path.map(String)], `is not of ${name}: ${error.message}`);
  });
  if (!isRecord(read)) throw badInput(["where"], `is not of ${name}: it must be an object.`);
  return read;
}
