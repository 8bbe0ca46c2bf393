import { isAbstractType } from "graphql";
import type { Queryable } from "../../../src/db/fenced-pool.ts";
import { Random } from "../../../src/seed/random.ts";
import { catalog } from "../../../src/modules/catalog.ts";
import { startGateway } from "../gateway/gateway.ts";
import { schema } from "../gateway/schema.ts";
import { randomWorld, storeWorld } from "../samples/random-rows.ts";
import { completeTenant, type Graph } from "../samples/two-tenants.ts";
import { startSecond } from "../writes/races.ts";
import { OperationMaker, type Operation } from "./operations.ts";
import { fillPools, type Pools } from "./pools.ts";
import { shrink } from "./shrink.ts";
import { application, bigNumbers, skewedRows } from "./skewed-rows.ts";
import { varied } from "./variation.ts";
import { metricsOf } from "../gateway/metrics.ts";

/** An operation, and the credential that it is sent with. */
export type Request = { readonly operation: Operation; readonly key: string };
export type Reply = {
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
};

/** Two gateways on one database. One compiles operations, and the other interprets them. */
export type Lanes = {
  /** The same number gives the same request, over the same rows. */
  request(number: number): Request;
  /** The same with other variables of the same shape; null when there are none. */
  varied(request: Request, number: number): Request | null;
  /** A request without variables, by a credential with all scopes. */
  plain(query: string): Request;
  /** Sends a request to the one that compiles. */
  send(request: Request): Promise<Reply>;
  /** Sends a request to both; `difference` shows the lines that differ in their answers, null if none do. */
  compare(request: Request): Promise<{ readonly reply: Reply; readonly difference: string | null }>;
  /** The smallest request that still differs, as text. */
  smallest(request: Request): Promise<string>;
  /** Rewrites compiled statements, to put mistakes into them; null stops it. */
  rewriteStatements(rewrite: ((text: string) => string) | null): void;
  /** The number of operations that each lane of the compiling gateway has answered. */
  counts(): Promise<{ readonly compiled: number; readonly interpreted: number }>;
  close(): Promise<void>;
};

/** Opens both over random rows of a tenant, beside a tenant with the same ids and one with other ids. */
export async function startLanes(seed: number, { fenced = true } = {}): Promise<Lanes> {
  const gateway = await startGateway({ compare: false, env: { METRICS_PORT: "0" } });
  const interpreter = await startSecond(gateway.databaseUrl, "error", {}, false);
  const { fixtures, keyFor } = gateway;
  const [ours, theirs] = [
    await fixtures.tenant("north-harbor"),
    await fixtures.tenant("blue-ridge"),
  ];
  const rows = skewedRows(seed, ours.uuid);
  // Without the fence in the database, a statement shows whether its own conditions keep the tenants apart.
  if (!fenced) {
    for (const { table } of catalog.entities) {
      await fixtures.client.query(`ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`);
    }
  }
  await storeWorld(fixtures, rows, ours.uuid, seed);
  await storeWorld(fixtures, randomWorld(seed + 1, theirs.uuid), theirs.uuid, seed + 1);
  for (const statement of bigNumbers) await fixtures.client.query(statement);
  const { records } = await completeTenant(fixtures, "third");
  const [key, bound] = [await keyFor(ours.slug), await keyFor(ours.slug)];
  await fixtures.client.query("UPDATE api_keys SET app_id = $2 WHERE id = $1", [
    bound.split("_")[2],
    application,
  ]);
  const keys = [
    [key, 12],
    [bound, 4],
    [await keyFor(theirs.slug), 2],
    [await keyFor(ours.slug, ["read:accounts", "read:deals", "read:quotes"]), 1],
  ] as const;
  let rewrite: ((text: string) => string) | null = null;
  const { forTenant } = gateway.database;
  Object.assign(gateway.database, {
    forTenant: (tenantId: string): Queryable => {
      const reads = forTenant(tenantId);
      const changed = (text: string) =>
        text.startsWith("SELECT concat('{") ? (rewrite?.(text) ?? text) : text;
      return {
        rows: (text, ...rest) => reads.rows(changed(text), ...rest),
      };
    },
  });
  const pools = withForeign(await fillPools(gateway, key, rows, ours.uuid, seed), records);

  const compare: Lanes["compare"] = async (request) => {
    const expected: string[] = [];
    for (let turn = 0; ; turn += 1) {
      expected.push(seen(await send(interpreter.url, request)));
      // A known document takes another path than a new one.
      const first = await send(gateway.url, withComment(request, turn));
      const reply = await send(gateway.url, withComment(request, turn));
      const wrong = [first, reply].map(seen).find((found) => !expected.includes(found));
      // If several fields fail, the first to fail is reported, which is not always the same.
      if (wrong === undefined || turn === 5) {
        return { reply, difference: apart(expected[0], wrong) };
      }
    }
  };
  const differs = async (request: Request) => (await compare(request)).difference !== null;
  return {
    request: (number) => {
      const random = new Random(`operation ${seed} ${number}`);
      return {
        key: random.weighted(keys),
        operation: new OperationMaker(random, schema, pools).make(),
      };
    },
    varied: ({ key: sender, operation }, number) => {
      const other = varied(operation, new Random(`variables ${seed} ${number}`), pools);
      return other === null ? null : { key: sender, operation: other };
    },
    plain: (query) => ({ key, operation: { query, variables: new Map() } }),
    send: (request) => send(gateway.url, request),
    compare,
    smallest: async ({ key: sender, operation }) => {
      const smaller = await shrink(operation, (one) => differs({ key: sender, operation: one }));
      const request = { key: sender, operation: smaller };
      const place = keys.findIndex(([one]) => one === sender);
      const { difference } = await compare(request);
      return `${difference ?? "no difference any more"}\nkey ${place}: ${told(smaller)}`;
    },
    rewriteStatements: (given) => {
      rewrite = given;
    },
    counts: async () => {
      const metrics = await metricsOf(gateway);
      const count = (lane: string) =>
        metrics.get(`crm_operations_total{lane="${lane}",type="query"}`) ?? 0;
      return { compiled: count("compiled"), interpreted: count("interpreted") };
    },
    close: async () => {
      await interpreter.close();
      await gateway.close();
    },
  };
}

const variablesText = ({ variables }: Operation): string =>
  `{${[...variables].map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(",")}}`;

const told = (operation: Operation): string => `${operation.query}\n${variablesText(operation)}`;

/** The same request with a new text. */
const withComment = ({ key, operation }: Request, turn: number): Request => ({
  key,
  operation: turn === 0 ? operation : { ...operation, query: `${operation.query}\n# ${turn}` },
});

async function send(url: string, { key, operation }: Request): Promise<Reply> {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/graphql-response+json",
      "x-api-key": key,
    },
    body: `{"query":${JSON.stringify(operation.query)},"variables":${variablesText(operation)}}`,
  });
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    text: await response.text(),
  };
}

type Answer = {
  readonly data?: unknown;
  readonly errors?: readonly unknown[];
  readonly extensions?: {
    readonly cost?: { readonly requested: number; readonly actual: number };
  };
};

/** The parts of an answer that are compared, a line for each value. The state of the quota is left out. */
function seen({ status, type, text }: Reply): string {
  const same = text.replaceAll(/(request id |"requestId":")[0-9a-f-]{36}/g, "$1");
  const { data, errors, extensions }: Answer = JSON.parse(same);
  return JSON.stringify([status, type, data, errors, extensions?.cost], null, 1);
}

/** The first lines that differ; null if one side is missing. */
function apart(expected: string | undefined, found: string | undefined): string | null {
  if (expected === undefined || found === undefined) return null;
  const [left, right] = [expected.split("\n"), found.split("\n")];
  const place = left.findIndex((line, index) => line !== right[index]);
  const from = Math.max(0, place - 4);
  const lines = (of: readonly string[]) =>
    of
      .slice(from, place + 6)
      .join("\n")
      .slice(0, 1_000);
  return `interpreted:\n${lines(left)}\ncompiled:\n${lines(right)}`;
}

/** The pools, with ids of a foreign tenant added, and with the ids of all types under `Node`. */
function withForeign(pools: Pools, records: Graph["records"]): Pools {
  const ids = new Map<string, readonly string[]>();
  for (const [type, own] of pools.ids) {
    const entity = catalog.entities.find((one) => one.type === type);
    const foreign = records[entity?.name ?? ""] ?? [];
    ids.set(type, [...own, ...foreign.map(({ id }) => id)]);
  }
  const node = schema.getType("Node");
  if (!isAbstractType(node)) throw new Error("no Node");
  ids.set(
    "Node",
    schema.getPossibleTypes(node).flatMap(({ name }) => ids.get(name) ?? []),
  );
  return { ...pools, ids };
}
