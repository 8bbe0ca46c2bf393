import { PrismaPg } from "@prisma/adapter-pg";
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type SqlQuery,
  type SqlResultSet,
} from "@prisma/driver-adapter-utils";
import { SchemaEngine } from "@prisma/schema-engine-wasm";

export type { DiffTarget } from "@prisma/schema-engine-wasm";

/** Lends Prisma's schema engine on one database; a tool of development, never loaded by the server. */
export async function withSchemaEngine<Result>(
  url: string,
  work: (engine: SchemaEngine) => Promise<Result>,
): Promise<Result> {
  const catalogs = new CatalogAdapter(url);
  try {
    const adapter = bindMigrationAwareSqlAdapterFactory(catalogs);
    const engine = await SchemaEngine.new({ datamodels: undefined }, () => undefined, adapter);
    return await work(engine);
  } finally {
    await catalogs.close();
  }
}

// The engine tells its panics here; without a listener one hides behind a TypeError.
Object.assign(globalThis, {
  PRISMA_WASM_PANIC_REGISTRY: {
    set_message: (message: string) => {
      throw new Error(`Prisma's schema engine panicked: ${message}`);
    },
  },
});

/**
 * The engine reads columns of type "char" from the catalogs, which the adapter does not know
 * (7.10): they are read as text and handed on as characters.
 */
class CatalogAdapter extends PrismaPg {
  readonly #open: Awaited<ReturnType<PrismaPg["connect"]>>[] = [];

  override async connect(): ReturnType<PrismaPg["connect"]> {
    const adapter = await super.connect();
    this.#open.push(adapter);
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async (query) => withCharacters(await queryRaw(withoutChar(query)));
    return adapter;
  }

  /** The engine leaves its connections open. */
  async close(): Promise<void> {
    for (const adapter of this.#open.splice(0)) await adapter.dispose();
  }
}

const charColumns = new Set(["constraint_type", "confdeltype", "confupdtype"]);

function withoutChar(query: SqlQuery): SqlQuery {
  const pattern = /\b(constr\.contype|con1?\.conf(?:del|upd)type)(?=,| AS)/g;
  return { ...query, sql: query.sql.replaceAll(pattern, "$1::text") };
}

function withCharacters(result: SqlResultSet): SqlResultSet {
  const columnTypes = result.columnTypes.map((type, index) =>
    charColumns.has(result.columnNames[index] ?? "") ? ColumnTypeEnum.Character : type,
  );
  return { ...result, columnTypes };
}
