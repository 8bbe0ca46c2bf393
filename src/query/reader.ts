import DataLoader from "dataloader";
import type { Queryable } from "../db/fenced-pool.ts";
import { cursorExpired } from "../changes/position.ts";
import { currentWork } from "../db/work.ts";
import { badInput } from "../lib/errors.ts";
import { aggregateStatement } from "./aggregate/aggregate.ts";
import { emptyAggregate, type Aggregate } from "./aggregate/answer.ts";
import type { AggregateRequest } from "./aggregate/request.ts";
import {
  duplicateStatement,
  type Duplicate,
  type DuplicateRequest,
} from "./duplicates/duplicates.ts";
import { duplicatePairs, type PairPage, type PairRequest } from "./duplicates/pairs.ts";
import type { Catalog } from "../model/catalog.ts";
import type { Entity } from "../model/entity.ts";
import {
  isPlannedEach,
  pageStatement,
  type ListRequest,
  type Page,
  type PageRequest,
} from "./page.ts";
import { edgeColumns, recordStatement, type RecordEdge, type RecordRequest } from "./record.ts";
import { rowColumns, type Cells, type Columns, type Row } from "./row.ts";
import { isOneOf, name, raw, render, sql, type Sql, type Statement } from "../lib/sql.ts";
import { viewerSql, visible, type Viewer, type ViewerSql } from "./visible.ts";
import { hitStatement, type HitPage, type HitRequest } from "./hits.ts";

/**
 * The reads of one request for one viewer, who is not given more records than the request was charged for. Whatever the same field of the query asks for in one tick,
 * for however many parents, becomes one statement. A `key` names that field (its path without list indexes).
 */
export class Reader {
  readonly #viewer: Viewer;
  readonly #catalog: Catalog;
  readonly #db: Queryable;
  readonly #pages = new Map<string, DataLoader<string, Page>>();
  readonly #records = new Map<string, DataLoader<string, RecordEdge | null>>();
  readonly #aggregates = new Map<string, DataLoader<string, Aggregate>>();
  readonly #duplicates = new Map<string, DataLoader<string, readonly Duplicate[]>>();
  readonly #sights = new Map<Entity, DataLoader<string, boolean>>();

  constructor(options: {
    readonly db: Queryable;
    readonly catalog: Catalog;
    readonly viewer: Viewer;
  }) {
    this.#db = options.db;
    this.#catalog = options.catalog;
    this.#viewer = options.viewer;
  }

  /** Whether the viewer may see a record, deleted or not; batched over all that are asked for in one tick. */
  sees(entity: Entity, id: string): Promise<boolean> {
    let loader = this.#sights.get(entity);
    if (loader === undefined) {
      loader = new DataLoader<string, boolean>(async (ids) => {
        const viewer = viewerSql(this.#viewer);
        const wanted = isOneOf(raw(`t."id"`), [...ids], "uuid");
        const found = await this.#run(
          render(
            sql`SELECT t."id" FROM ${raw(name(entity.table))} t WHERE ${visible(entity, "t", viewer, true)} AND ${wanted}`,
          ),
        );
        const seen = new Set(found.map(([one]) => one));
        return ids.map((one) => seen.has(one));
      });
      this.#sights.set(entity, loader);
    }
    return loader.load(id);
  }

  /** A page of a list that hangs on nothing but the tenant. */
  list(request: PageRequest): Promise<Page> {
    return this.listAs(request, rowColumns(request.entity, request.fields));
  }

  /** The same, with whatever is to be read of each row. */
  async listAs<Item>(request: ListRequest, columns: Columns<Item>): Promise<Page<Item>> {
    const context = { catalog: this.#catalog, viewer: this.#viewer, parentIds: [] };
    const { statement, collect } = pageStatement(request, context, columns);
    return countedPage(collect(await this.#run(statement, request)).get("") ?? emptyPage);
  }

  /** One record by its id, with whatever is to be read of it; null when this tenant has none. */
  async recordAs<Item>(
    request: Pick<RecordRequest, "entity" | "includeDeleted">,
    id: string,
    columns: Columns<Item>,
  ): Promise<Item | null> {
    const context = { catalog: this.#catalog, viewer: this.#viewer };
    const { statement, collect } = recordStatement(request, context, [id], columns);
    return countedRecord(collect(await this.#run(statement)).get(id) ?? null);
  }

  /** A page of a parent's children, batched over all parents that the field `key` is asked for. */
  async children(key: string, request: () => PageRequest, parentId: string): Promise<Page> {
    let loader = this.#pages.get(key);
    if (loader === undefined) {
      const pageRequest = request();
      loader = new DataLoader<string, Page>(async (parentIds) => {
        const context = { catalog: this.#catalog, viewer: this.#viewer, parentIds };
        const columns = rowColumns(pageRequest.entity, pageRequest.fields);
        const { statement, collect } = pageStatement(pageRequest, context, columns);
        const pages = collect(await this.#run(statement, pageRequest));
        return parentIds.map((id) => pages.get(id) ?? emptyPage);
      });
      this.#pages.set(key, loader);
    }
    return countedPage(await loader.load(parentId));
  }

  /** Figures over a list that hangs on nothing but the tenant. */
  async aggregate(request: AggregateRequest): Promise<Aggregate> {
    return (await this.#aggregate(request, [])).get("") ?? emptyAggregate;
  }

  /** Figures over a parent's children, batched over all parents that the field `key` is asked for. */
  async aggregateChildren(
    key: string,
    request: () => AggregateRequest,
    parentId: string,
  ): Promise<Aggregate> {
    let loader = this.#aggregates.get(key);
    if (loader === undefined) {
      const aggregateRequest = request();
      loader = new DataLoader<string, Aggregate>(async (parentIds) => {
        const found = await this.#aggregate(aggregateRequest, parentIds);
        return parentIds.map((id) => found.get(id) ?? emptyAggregate);
      });
      this.#aggregates.set(key, loader);
    }
    return loader.load(parentId);
  }

  /** The rows of a module's own statement, as PostgreSQL printed them. */
  async cells(statement: (viewer: ViewerSql, catalog: Catalog) => Sql): Promise<readonly Cells[]> {
    return this.#run(render(statement(viewerSql(this.#viewer), this.#catalog)));
  }

  /** A record by id, batched over all that the field `key` is asked for; null when this tenant has none. */
  async record(key: string, request: () => RecordRequest, id: string): Promise<Row | null> {
    return (await this.edge(key, request, id))?.node ?? null;
  }

  /** The same with its cursor, if that is asked for. */
  async edge(key: string, request: () => RecordRequest, id: string): Promise<RecordEdge | null> {
    let loader = this.#records.get(key);
    if (loader === undefined) {
      const recordRequest = request();
      loader = new DataLoader<string, RecordEdge | null>(async (ids) => {
        const context = { catalog: this.#catalog, viewer: this.#viewer };
        const columns = edgeColumns(recordRequest);
        const { statement, collect } = recordStatement(recordRequest, context, ids, columns);
        const records = collect(await this.#run(statement));
        return ids.map((one) => records.get(one) ?? null);
      });
      this.#records.set(key, loader);
    }
    return countedRecord(await loader.load(id));
  }

  /** Likely duplicates of a record, best first, batched over all records that the field `key` is asked for. */
  async duplicates(
    key: string,
    request: () => DuplicateRequest,
    id: string,
  ): Promise<readonly Duplicate[]> {
    let loader = this.#duplicates.get(key);
    if (loader === undefined) {
      const duplicateRequest = request();
      loader = new DataLoader<string, readonly Duplicate[]>(async (ids) => {
        const { statement, collect } = duplicateStatement(duplicateRequest, this.#viewer, ids);
        const found = collect(await this.#run(statement));
        return ids.map((one) => found.get(one) ?? []);
      });
      this.#duplicates.set(key, loader);
    }
    return loader.load(id);
  }

  /** A page of the pairs of likely duplicates among all records of an entity. */
  duplicatePairs(request: PairRequest): Promise<PairPage> {
    return duplicatePairs(request, this.#viewer, (statement) => this.#run(statement, request));
  }

  /** A page of search hits over several entities. */
  async search(request: HitRequest): Promise<HitPage> {
    const { statement, collect } = hitStatement(request, this.#viewer);
    return collect(await this.#run(statement, request));
  }

  async #aggregate(
    request: AggregateRequest,
    parentIds: readonly string[],
  ): Promise<Map<string, Aggregate>> {
    if (request.total === null && request.groups === null) return new Map();
    const { statement, collect } = aggregateStatement(request, {
      catalog: this.#catalog,
      viewer: this.#viewer,
      parentIds,
    });
    try {
      return collect(
        await this.#db.rows(statement.text, statement.values, {
          plannedEach: isPlannedEach(request),
        }),
      );
    } catch (error) {
      throw unknownZone(error, request) ?? error;
    }
  }

  async #run(statement: Statement, request: Partial<Asked> = {}): Promise<readonly Cells[]> {
    const { after, before } = request;
    try {
      return await this.#db.rows(statement.text, statement.values, {
        plannedEach: isPlannedEach(request),
      });
    } catch (error) {
      // Filters and arguments are checked before; what is left for PostgreSQL to refuse is a value inside a made-up cursor.
      const argument = after != null ? "after" : before != null ? "before" : null;
      if (argument === null || !isDataException(error)) throw error;
      const oldest = /"expired (\d+)"/.exec(error.message)?.[1];
      if (oldest !== undefined) throw cursorExpired(BigInt(oldest));
      throw badInput([argument], { complaint: "noCursor" });
    }
  }
}

/** The parts of a request that decide how it is planned, and which of its values may be invalid. */
type Asked = Pick<ListRequest, "parent" | "where" | "words" | "after" | "before">;

/** Records count as often as they are given, since all that is made of them is made as often. */
function countedPage<Item>(page: Page<Item>): Page<Item> {
  currentWork()?.countNodes(page.rows.length);
  return page;
}

function countedRecord<Item>(record: Item | null): Item | null {
  currentWork()?.countNodes(record === null ? 0 : 1);
  return record;
}

const emptyPage: Page<never> = {
  rows: [],
  cursors: [],
  total: 0,
  hasNextPage: false,
  hasPreviousPage: false,
};

/** All arguments were checked before, but not against the time zones that this PostgreSQL knows. */
function unknownZone(error: unknown, { groupBy }: AggregateRequest): Error | null {
  if (!(error instanceof Error && isDataException(error))) return null;
  const index = groupBy.findIndex(
    ({ timeZone }) => timeZone !== null && error.message.includes(`"${timeZone}"`),
  );
  if (index < 0) return null;
  const path = ["groupBy", String(index), "timeZone"];
  const advice = "the database does not know this time zone; name another place in it.";
  return badInput(path, advice);
}

/** Whether an error says that PostgreSQL could not read a value. */
export function isDataException(error: unknown): error is Error {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    error.code.startsWith("22")
  );
}
