import type { Entity } from "../src/model/entity.ts";
import type { PageRequest } from "../src/query/page.ts";

/** The page of an entity with everything of its rows, as a list without arguments asks for it. */
export function request(entity: Entity, changes: Partial<PageRequest> = {}): PageRequest {
  return {
    entity,
    parent: null,
    fields: Object.keys(entity.fields),
    where: null,
    order: null,
    words: null,
    includeDeleted: false,
    limit: 25,
    backward: false,
    after: null,
    before: null,
    want: { rows: true, cursors: true, total: false, outside: false },
    ...changes,
  };
}
