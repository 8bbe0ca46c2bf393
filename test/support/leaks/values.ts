import { documentOf, fieldAt, wayOf, waysIn, type Call, type Step } from "./calls.ts";
import { entityTypes, leaves } from "./schema.ts";
import type { TestGateway } from "../gateway/gateway.ts";

type Row = Readonly<Record<string, unknown>>;

/** What a tenant has, as its own key reads it: the values that probes are made of. */
export class Values {
  readonly #rows: ReadonlyMap<string, readonly Row[]>;
  /** Way to a list → the cursor of its first page's end. */
  readonly #cursors: ReadonlyMap<string, string>;

  private constructor(
    rows: ReadonlyMap<string, readonly Row[]>,
    cursors: ReadonlyMap<string, string>,
  ) {
    this.#rows = rows;
    this.#cursors = cursors;
  }

  /** Reads all records, and the end of every list. */
  static async read(gateway: TestGateway, key: string, lists: readonly Call[]): Promise<Values> {
    const rows = new Map<string, readonly Row[]>();
    for (const entity of entityTypes) {
      const steps = waysIn().get(entity) ?? [];
      const selection = leaves(fieldAt(steps).type, 0);
      const call = { name: entity, steps: atWidest(steps), selection };
      rows.set(entity, objectsIn(await answerTo(gateway, key, call)));
    }
    const { webhooks } = await gateway.data(key, "{ webhooks { id url deliveries { id } } }");
    rows.set("Webhook", Array.isArray(webhooks) ? webhooks : []);
    rows.set(
      "WebhookDelivery",
      objectsIn(webhooks).filter(({ url }) => url === undefined),
    );
    const { imports } = await gateway.data(
      key,
      "{ imports { nodes { id createdBy errors { nodes { column message } } } } }",
    );
    rows.set("Import", objectsIn(imports));
    const cursors = new Map<string, string>();
    for (const call of lists) {
      const steps = atWidest(call.steps, rows.get("Account")?.[0]?.["name"]);
      const text = JSON.stringify(await answerTo(gateway, key, { ...call, steps }));
      const cursor = /"endCursor":"([^"]+)"/.exec(text)?.[1];
      if (cursor !== undefined) cursors.set(wayOf(call.steps), cursor);
    }
    return new Values(rows, cursors);
  }

  /** A value that a record has in a field; undefined when none has any. */
  pick(entity: string, field: string): unknown {
    const values = this.#rows.get(entity)?.map((row) => row[field]);
    return values?.find((value) => value != null && !(Array.isArray(value) && value.length === 0));
  }

  /** Id of a live record, the first unless said. */
  id(entity: string, place = 0): string {
    const live = this.#rows.get(entity)?.filter((row) => row["deletedAt"] == null);
    const id = live?.[place]?.["id"];
    if (typeof id !== "string") throw new Error(`there is no ${entity} ${place}`);
    return id;
  }

  /** The end of the first page of a list. */
  cursor(steps: readonly Step[]): string {
    const cursor = this.#cursors.get(wayOf(steps));
    if (cursor === undefined) throw new Error(`nothing is listed at ${wayOf(steps)}`);
    return cursor;
  }
}

/** The same way with all that can be had: deleted records too, and duplicates that are none. */
function atWidest(steps: readonly Step[], query?: unknown): readonly Step[] {
  const widest = { includeDeleted: true, minScore: 0, ...(query === undefined ? {} : { query }) };
  return steps.map((step, index) => {
    const { args } = fieldAt(steps.slice(0, index + 1));
    const taken = Object.entries(widest).filter(([name]) => args.some((one) => one.name === name));
    return { ...step, args: { ...step.args, ...Object.fromEntries(taken) } };
  });
}

async function answerTo(gateway: TestGateway, key: string, call: Call): Promise<unknown> {
  const { query, variables } = documentOf([call]);
  return gateway.data(key, query, variables);
}

/** The objects in an answer that have an id, wherever they are. */
function objectsIn(value: unknown): readonly Row[] {
  if (typeof value !== "object" || value === null) return [];
  const inner = Object.values(value).flatMap(objectsIn);
  return "id" in value ? [{ ...value }, ...inner] : inner;
}
