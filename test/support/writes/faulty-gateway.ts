import { withoutExtensions } from "../gateway/without-extensions.ts";
import { openCuttableRoute, type CuttableRoute } from "../database/cut-connection.ts";
import { startGateway, type Answer, type TestGatewayOptions } from "../gateway/gateway.ts";
import { TenantCopies, type TenantCopy, type TenantState } from "../samples/tenant-copies.ts";
import { makeWorld, type World, type WritePath } from "./write-paths.ts";

/** An answer as it came. */
export type Reply = { readonly status: number; readonly type: string; readonly text: string };

/** A gateway whose connections to its database can be cut, with copies of a tenant to write to. */
export type FaultyGateway = {
  readonly url: string;
  /** The records of the tenant that is copied. */
  readonly world: World;
  readonly route: CuttableRoute;
  readonly copies: TenantCopies;
  /** Sends a mutation as a client does that may have to send it again. */
  send(
    path: WritePath,
    copy: TenantCopy,
    idempotencyKey: string,
    signal?: AbortSignal,
  ): Promise<Reply>;
  /** What is kept of the tenant's mutations: `written` with what they led to, `answered` with a whole answer. */
  kept(copy: TenantCopy): Promise<readonly string[]>;
  /** Whether a connection of the gateway is at work, or has a transaction open. */
  isBusy(): Promise<boolean>;
  /** The accounts that another tenant sees; there is one, `Neighbour`. */
  neighbour(): Promise<unknown>;
  /** The id of the tenant that a key opens. */
  opens(key: string): Promise<unknown>;
  close(): Promise<void>;
};

/** Longer than any answer takes, and shorter than the test. */
const patienceMilliseconds = 60_000;

/** Starts one. */
export async function startFaultyGateway(
  options: Pick<TestGatewayOptions, "maxConnections" | "isDistributed">,
): Promise<FaultyGateway> {
  const routes: CuttableRoute[] = [];
  const gateway = await startGateway({
    logLevel: "silent",
    ...options,
    route: async (databaseUrl) => {
      const opened = await openCuttableRoute(databaseUrl, (processId) =>
        gateway.fixtures.client.query("SELECT pg_terminate_backend($1::integer)", [processId]),
      );
      routes.push(opened);
      return opened.url;
    },
  });
  const [route] = routes;
  if (route === undefined) throw new Error("the gateway takes another way");
  const { client } = gateway.fixtures;
  const world = await makeWorld(gateway.fixtures);
  const copies = await TenantCopies.of(client, world.tenant);
  const neighbour = await gateway.fixtures.tenant("neighbour");
  await neighbour.account({ name: "Neighbour" });
  const neighbourKey = await gateway.keyFor(neighbour.slug);
  const read = async (key: string, query: string): Promise<unknown> => {
    const { data, errors }: Answer = await gateway.ask(key, query);
    return errors ?? data;
  };
  return {
    url: gateway.url,
    world,
    route,
    copies,
    send: async (path, copy, idempotencyKey, signal) => {
      const patience = AbortSignal.timeout(patienceMilliseconds);
      const response = await fetch(`${gateway.url}/graphql`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-api-key": copy.key,
          "idempotency-key": idempotencyKey,
        },
        body: JSON.stringify({ query: path.query, variables: path.variables(world, copy) }),
        signal: signal === undefined ? patience : AbortSignal.any([patience, signal]),
      });
      const type = response.headers.get("content-type") ?? "";
      return { status: response.status, type, text: withoutExtensions(await response.text()) };
    },
    kept: async ({ uuid }) => {
      const { rows } = await client.query<{ kept: string }>(
        `SELECT concat_ws(', ', CASE WHEN outcomes <> '{}' THEN 'written' END, CASE WHEN response IS NOT NULL THEN 'answered' END) AS kept
         FROM idempotency_keys WHERE tenant_id = $1`,
        [uuid],
      );
      return rows.map(({ kept }) => kept);
    },
    isBusy: async () => {
      const { rowCount } = await client.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'crm-gateway' AND state <> 'idle'`,
      );
      return rowCount !== 0;
    },
    neighbour: () => read(neighbourKey, "{ accounts { nodes { name } } }"),
    opens: (key) => read(key, "{ tenant { id } }"),
    close: async () => {
      await gateway.close();
      route.close();
    },
  };
}

/** What a write that nothing disturbs sends, answers and leaves. */
export type Undisturbed = {
  readonly statements: readonly string[];
  readonly answer: string;
  readonly before: TenantState;
  readonly after: TenantState;
};

/** Does it once, on a copy of its own. */
export async function runUndisturbed(
  { copies, route, send }: FaultyGateway,
  path: WritePath,
  idempotencyKey: string,
): Promise<Undisturbed> {
  const copy = await copies.make();
  const before = await copies.state(copy);
  route.watch();
  const { text } = await send(path, copy, idempotencyKey);
  return {
    statements: [...route.statements()],
    answer: copies.comparable(text),
    before,
    after: await copies.state(copy),
  };
}

/** How many writes are committed by these statements. On Citus each read is a transaction too. */
export function commitsIn(statements: readonly string[]): number {
  let commits = 0;
  let writes = false;
  for (const text of statements) {
    writes ||= text.includes("INSERT INTO change_events");
    if (text !== "COMMIT") continue;
    if (writes) commits += 1;
    writes = false;
  }
  return commits;
}

/** `nothing` when the state is that before the write, `everything` when it is that after it, or else itself. */
export function extentOf(
  state: TenantState,
  { before, after }: Pick<Undisturbed, "before" | "after">,
): string {
  const text = state.join("\n");
  if (text === before.join("\n")) return "nothing";
  return text === after.join("\n") ? "everything" : text;
}

/** `right` when the answer is that of a write that nothing disturbed, the code of an error to try again after, or else itself. */
export function verdictOn(
  { status, type, text }: Reply,
  copies: TenantCopies,
  { answer }: Pick<Undisturbed, "answer">,
): string {
  const whole = `${status} ${type} ${text}`;
  if (!/^application\/(json|graphql-response\+json)/.test(type)) return whole;
  if (status === 200 && copies.comparable(text) === answer) return "right";
  const { errors = [], data }: Answer = JSON.parse(text);
  const codes = new Set(errors.map(({ extensions }) => extensions.code));
  const [code = ""] = codes;
  // With data, the operation was carried out, as far as it went; not at all when all of it is null.
  const isEmpty = data == null || Object.values(data).every((value) => value === null);
  const statuses = {
    UNAVAILABLE: isEmpty ? 503 : 200,
    CONFLICT: data === undefined ? 409 : 200,
  };
  const isWellFormed = errors.every(({ message }) => message !== "");
  return codes.size === 1 && isWellFormed && Reflect.get(statuses, code) === status ? code : whole;
}
