import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../tools/pgbouncer.ts";
import { at, listAt } from "../support/gateway/gateway.ts";
import { metricOf } from "../support/gateway/metrics.ts";
import { patience } from "../support/database/waiting.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";
import { findChromium, launchChromium, openProfile } from "../support/processes/browser.ts";
import { startGatewayProcess, type GatewayProcess } from "../support/processes/gateway-process.ts";
import { RowWriter } from "../support/writes/row-writer.ts";

const chromium = findChromium();
const clients = ["sse", "ws", "apollo", "urql"] as const;

/** The examples as one script for a page, which lets them run as `follow.<name>(…)`. */
async function bundled(): Promise<string> {
  const folder = fileURLToPath(new URL("../../examples/subscribe/", import.meta.url));
  const entry = "\0page";
  const imports = clients.map(
    (name) => `import { follow as ${name} } from "${folder}${name}.mjs";`,
  );
  const bundle = await rolldown({
    input: entry,
    platform: "browser",
    transform: { define: { "process.env.NODE_ENV": '"production"' } },
    plugins: [
      {
        name: "page",
        resolveId: (id: string) => (id === entry ? id : null),
        load: (id: string) =>
          id === entry
            ? `${imports.join("\n")}\nglobalThis.follow = { ${clients.join(", ")} };`
            : null,
      },
    ],
  });
  const { output } = await bundle.generate({ format: "iife" });
  await bundle.close();
  return output[0].code;
}

/** Follows as an example does, in this process. Resolves with what ends it. */
async function followBy(
  name: (typeof clients)[number],
  options: { readonly url: string; readonly key: string; readonly onChange: () => void },
): Promise<unknown> {
  const { href } = new URL(`../../examples/subscribe/${name}.mjs`, import.meta.url);
  const example: { follow: (how: object) => Promise<unknown> } = await import(href);
  return await example.follow({ ...options, after: null });
}

test.each(clients)(
  "%s.mjs goes on after a stream that ended for want of points, and ends with its key",
  async (name) => {
    const env = { POINTS_PER_MINUTE: "20", METRICS_PORT: "0" };
    const { gateway } = await startTenant("poor", { logLevel: "silent", env });
    const key = await gateway.keyFor("poor");
    let [got, ended]: [number, unknown] = [0, null];
    const onChange = (): void => void (got += 1);
    const over = followBy(name, { url: `${gateway.url}/graphql`, key, onChange });
    void over.then((reason) => (ended = reason));
    const streams = () => metricOf(gateway, "crm_streams");
    await expect.poll(streams, patience).toBe(1);
    // Each key has the points for one write.
    const write = `mutation { createAccount(input: {}) { userErrors { message } } }`;
    while ((await streams()) > 0) await gateway.data(await gateway.keyFor("poor"), write);
    expect(got).toBeGreaterThan(10);
    expect(ended).toBeNull();
    await gateway.fixtures.client.query("UPDATE api_keys SET revoked_at = now()");
    await expect.poll(() => ended, patience).not.toBeNull();
    await gateway.close();
  },
);

describe.skipIf(chromium === null)("subscribers in a browser", () => {
  let started: Awaited<ReturnType<typeof startTenant>>;
  let served: GatewayProcess;
  let site: Server;
  let browser: Browser;
  let page: Page;
  let accounts: RowWriter;

  beforeAll(async () => {
    started = await startTenant("north-harbor");
    const { gateway, key } = started;
    const code = await bundled();
    site = createServer((request, response) => {
      const isScript = request.url === "/page.js";
      response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
      response.end(isScript ? code : '<!doctype html><script src="/page.js"></script>');
    });
    site.listen(0, "127.0.0.1");
    await once(site, "listening");
    const address = site.address();
    const origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
    served = await startGatewayProcess({
      DATABASE_URL: gateway.databaseUrl,
      CORS_ORIGINS: origin,
      PORT: String(await freePort()),
    });
    accounts = new RowWriter(gateway, key, "accounts");
    browser = await launchChromium(chromium ?? "");
    page = await (await openProfile(browser)).newPage();
    await page.goto(origin);
  });
  afterAll(async () => {
    await browser.close();
    site.close();
    await served.stop();
    await started.gateway.close();
  });

  const write = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1) {
      const id = await accounts.made({ name: `Account ${index}` });
      await accounts.update([{ id, name: `Changed ${index}` }]);
    }
  };

  /** How many changes each client has got. */
  const counts = (): Promise<unknown> =>
    page.evaluate("Object.values(got).map(({ length }) => length)");

  test("graphql-sse, graphql-ws, Apollo Client 4 and urql 5 go on without gap or double over a SIGKILL", async () => {
    const { gateway, key } = started;
    await write(1);
    const data = await gateway.data(key, "{ changes(last: 1) { pageInfo { endCursor } } }");
    const after = at(data, "changes", "pageInfo", "endCursor");
    const options = JSON.stringify({ url: `${served.url}/graphql`, key, after });
    await page.evaluate(`
      globalThis.got = {};
      globalThis.ended = [];
      for (const [name, begin] of Object.entries(follow)) {
        got[name] = [];
        begin({ ...${options}, onChange: (change) => got[name].push(change) })
          .then((error) => ended.push([name, String(error)]));
      }
      undefined`);
    const all = (count: number) => clients.map(() => count);
    await write(5);
    await expect.poll(counts).toEqual(all(10));
    const { port } = new URL(served.url);
    await served.kill();
    await write(5);
    served = await startGatewayProcess({
      DATABASE_URL: gateway.databaseUrl,
      CORS_ORIGINS: new URL(page.url()).origin,
      PORT: port,
    });
    await write(5);
    await expect.poll(counts).toEqual(all(30));
    // What comes behind shows that nothing was told twice in between.
    await write(1);
    await expect.poll(counts).toEqual(all(32));
    const log = await gateway.data(
      key,
      "query ($after: String) { changes(first: 100, after: $after, types: [Account]) { edges { cursor node { recordId operation version } } } }",
      { after },
    );
    const expected = listAt(log, "changes", "edges");
    for (const name of clients) {
      const got = await page.evaluate(
        `JSON.parse(JSON.stringify(got.${name}, (key, value) => key === "__typename" ? undefined : value))`,
      );
      expect(got, name).toEqual(expected);
    }
    expect(await page.evaluate("ended")).toEqual([]);
  });
});
