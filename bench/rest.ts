// A list of 100 records over REST, over GraphQL, and from a bare node:http server with the same SQL, in turn in one run.
// npm run bench:rest
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../src/db/database.ts";
import { migrate } from "../src/db/migrate.ts";
import { startThrowaway } from "../tools/throwaway.ts";
import { catalog } from "../src/modules/catalog.ts";
import { createKey } from "../src/modules/api-key/operator.ts";
import { pageStatement } from "../src/query/page.ts";
import type { Member } from "../src/query/projection.ts";
import type { Resource } from "../src/rest/face.ts";
import { readListQuery } from "../src/rest/list-query.ts";
import { faces } from "../src/rest/operations.ts";
import { seed } from "../src/seed/seed.ts";
import type { BareList } from "./bare-server.ts";
import { startGatewayProcess } from "./gateway-process.ts";
import { compare, type Side } from "./measure.ts";

const limit = 100;
const closers: (() => unknown)[] = [];
const cluster = await startThrowaway();
const folder = await mkdtemp(join(tmpdir(), "crm-bench-"));
const agent = new Agent({ keepAlive: true });
closers.push(() => agent.destroy());

type Asked = { readonly port: number; readonly path: string; readonly body?: string };

/** Asks once and reads the answer to its end; gives its length. */
function ask({ port, path, body }: Asked, headers: Record<string, string> = {}): Promise<number> {
  const method = body === undefined ? "GET" : "POST";
  return new Promise((resolve, reject) => {
    request({ agent, port, host: "127.0.0.1", path, method, headers }, (response) => {
      let length = 0;
      response.on("data", (chunk: Buffer) => (length += chunk.length));
      response.on("end", () => {
        if (response.statusCode === 200) resolve(length);
        else reject(new Error(`${path}: ${response.statusCode}`));
      });
    })
      .on("error", reject)
      .end(body);
  });
}

async function startBare(url: string, list: BareList) {
  const file = join(folder, `${Math.random()}.json`);
  await writeFile(file, JSON.stringify(list));
  const child = fork(join(import.meta.dirname, "bare-server.ts"), [url, file], {
    execArgv: process.execArgv,
  });
  const answer = async (): Promise<number> => Number((await once(child, "message"))[0]);
  const port = await answer();
  closers.push(async () => {
    child.send("stop");
    await once(child, "exit");
  });
  return {
    port,
    cpu: () => {
      child.send("cpu");
      return answer();
    },
  };
}

/** The same list over GraphQL: every field that the record shows. */
function queryOf({ projection }: Resource): string {
  const fieldOf = (member: Member): string => {
    if (member.kind === "field" || member.kind === "isSet") return member.field;
    const inside =
      member.kind === "ids" ? "id" : member.members.map(({ field }) => field).join(" ");
    const nodes = `nodes { ${inside} }`;
    return `${member.relation}(first: 25) { ${nodes} }`;
  };
  const { entity } = projection;
  const needed = new Set(projection.members.map(fieldOf));
  needed.delete("tenantId");
  const fields = [...needed].map((field) => {
    const definition = entity.fields[field];
    if (field === "addresses") return "addresses { kind line1 line2 city state postcode country }";
    if (definition === undefined || definition.to === null) return field;
    const edge = Object.entries(entity.relations).find(
      ([, relation]) => relation.kind === "one" && relation.key === field,
    );
    return `${edge?.[0]} { id }`;
  });
  return `{ ${entity.plural}(first: ${limit}) { totalCount pageInfo { hasNextPage endCursor } nodes { ${fields.join(" ")} } } }`;
}

try {
  await migrate({ url: cluster.url });
  await seed({ url: cluster.url, tenants: 1, accounts: 500, seed: 3 });
  const database = openDatabase({ url: cluster.url });
  closers.push(() => database.close());
  const { tenantId, slug } = await database.asOwner(async (client) => {
    const { rows } = await client.query<{ tenantId: string; slug: string }>(
      'SELECT id AS "tenantId", slug FROM tenants',
    );
    return rows[0] ?? { tenantId: "", slug: "" };
  });
  const { key } = await createKey(database, {
    tenantSlug: slug,
    scopes: ["*"],
    name: "bench",
    env: "test",
  });
  const gateway = await startGatewayProcess(cluster.url);
  closers.push(() => gateway.stop());
  const headers = { "x-api-key": key, "content-type": "application/json" };
  for (const resource of faces.flatMap(({ resources }) => resources).slice(0, 6)) {
    const { text, values } = pageStatement(
      readListQuery(resource, new URLSearchParams({ limit: String(limit) })),
      { catalog, viewer: { tenantId, appId: null }, parentIds: [] },
      resource.columns,
    ).statement;
    const keys = ["id", ...resource.projection.members.map((member) => member.key)];
    const bare = await startBare(cluster.url, { tenantId, text, values, keys, limit });
    const path = `${resource.path}?limit=${limit}`;
    const rest: Asked = { port: gateway.port, path };
    const graphql: Asked = {
      port: gateway.port,
      path: "/graphql",
      body: JSON.stringify({ query: queryOf(resource) }),
    };
    const floor: Asked = { port: bare.port, path: "/" };
    const bytes = [await ask(floor), await ask(rest, headers), await ask(graphql, headers)];
    const sides: Side[] = [
      { name: "bare node:http", write: () => ask(floor), cpu: bare.cpu },
      { name: "REST", write: () => ask(rest, headers), cpu: gateway.cpu },
      { name: "GraphQL", write: () => ask(graphql, headers), cpu: gateway.cpu },
    ];
    const title = `${resource.plural}: ${bytes.map((count) => Math.round(count / 1_000)).join(", ")} KB`;
    for (const clients of [1, 4]) {
      const options = { clients, rounds: 5, milliseconds: 1_500 };
      await compare(`${title}, ${clients} client${clients > 1 ? "s" : ""}`, sides, options);
    }
  }
} finally {
  for (const close of closers.toReversed()) await close();
  await cluster.stop();
  await rm(folder, { recursive: true });
}
