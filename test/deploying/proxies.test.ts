import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { createClient } from "graphql-ws";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { freePort } from "../../tools/pgbouncer.ts";
import { root } from "../support/deploying/dockerfile.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";
import { EventStream } from "../support/live/event-stream.ts";
import { RowWriter } from "../support/writes/row-writer.ts";

const run = promisify(execFile);
const text = readFileSync(join(root, "docs/deploying.md"), "utf8");
const block = (language: string): string =>
  new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "ms").exec(text)?.[1] ?? "";
const find = (name: string): string | null =>
  ["/usr/sbin", "/usr/bin", "/usr/local/bin"]
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path)) ?? null;

/** A proxy as the document sets it up, without TLS, on another port. */
type Proxy = {
  readonly name: string;
  /** Of its configuration: writes it and gives the command. */
  command(folder: string, gatewayPort: string, port: number): Promise<readonly string[]>;
};

const proxies: readonly Proxy[] = [
  {
    name: "nginx",
    command: async (folder, gatewayPort, port) => {
      const server = block("nginx")
        .replace("127.0.0.1:4000", `127.0.0.1:${gatewayPort}`)
        .replace("listen 443 ssl", `listen 127.0.0.1:${port}`)
        .replaceAll(/^.*ssl_certificate.*\n/gm, "");
      const file = join(folder, "nginx.conf");
      const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
        .join(" ");
      await writeFile(
        file,
        `daemon off; pid ${folder}/pid; error_log ${folder}/error.log;\nevents {}\nhttp { access_log off; ${temporary}\n${server} }\n`,
      );
      return ["-c", file, "-e", `${folder}/error.log`];
    },
  },
  {
    name: "caddy",
    command: async (folder, gatewayPort, port) => {
      const file = join(folder, "Caddyfile");
      const site = block("caddyfile")
        .replace("crm.example.com {", `http://127.0.0.1:${port} {`)
        .replace("127.0.0.1:4000", `127.0.0.1:${gatewayPort}`);
      await writeFile(file, `{\n\tadmin off\n\tauto_https off\n}\n${site}`);
      return ["run", "--config", file, "--adapter", "caddyfile"];
    },
  },
];
const found = proxies.filter(({ name }) => find(name) !== null);
if (process.env["PROXY_TESTS"] === "required" && found.length < proxies.length) {
  throw new Error("PROXY_TESTS=required: `apt-get install -y nginx caddy`");
}

it("the document's proxies pass events on at once", () => {
  expect(block("nginx")).toMatch(/proxy_buffering off;/);
  expect(block("nginx")).toMatch(/proxy_set_header Upgrade \$http_upgrade;/);
  expect(block("caddyfile")).toMatch(/flush_interval -1/);
});

it.each(["/usr/bin/systemd-analyze"].filter((path) => existsSync(path)))(
  "%s takes the document's unit",
  async (analyze) => {
    const folder = await mkdtemp(join(tmpdir(), "crm-unit-"));
    const file = join(folder, "crm-gateway.service");
    // The Node and the folder of this machine.
    await writeFile(file, block("ini").replaceAll("/usr/bin/node", process.execPath));
    await expect(run(analyze, ["verify", file])).resolves.toMatchObject({ stdout: "" });
    await rm(folder, { recursive: true });
  },
);

describe.each(found)("behind $name", ({ name, command }) => {
  let started: Awaited<ReturnType<typeof startTenant>>;
  let folder: string;
  let child: ChildProcess;
  let url: string;
  const closers: (() => unknown)[] = [];
  beforeAll(async () => {
    started = await startTenant("ours", { logLevel: "silent", env: { TRUST_PROXY: "on" } });
    folder = await mkdtemp(join(tmpdir(), "crm-proxy-"));
    // Workers of nginx are another user, whose files these are.
    await chmod(folder, 0o777);
    const port = await freePort();
    const args = await command(folder, new URL(started.gateway.url).port, port);
    child = spawn(find(name) ?? "", args, { stdio: "ignore", env: { HOME: folder } });
    url = `http://127.0.0.1:${port}`;
    const isReady = (): Promise<boolean> =>
      fetch(`${url}/readyz`).then(
        ({ status }) => status === 200,
        () => false,
      );
    while (!(await isReady())) await sleep(50);
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });
  afterAll(async () => {
    child.kill("SIGTERM");
    await started.gateway.close();
    await rm(folder, { recursive: true, force: true });
  });

  const query = "subscription { accountChanged { account { name } } }";
  const event = { account: { name: "Acme" } };
  const make = () => new RowWriter(started.gateway, started.key, "accounts").made({ name: "Acme" });

  it("server-sent events come while the stream is open", async () => {
    const stream = await EventStream.open(url, started.key, { query });
    closers.push(() => stream.close());
    await make();
    expect(await stream.data()).toEqual([event]);
    await make();
    expect(await stream.data()).toEqual([event]);
  });

  it("WebSockets pass", async () => {
    const client = createClient({
      url: `${url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { "x-api-key": started.key },
    });
    closers.push(() => client.dispose());
    const answer = client.iterate({ query: "{ tenant { slug } }" });
    expect((await answer.next()).value).toMatchObject({ data: { tenant: { slug: "ours" } } });
  });

  it("bodies are the gateway's to bound: 1 MB of a request, more of a file that is imported", async () => {
    const headers = { "x-api-key": started.key };
    const post = (bytes: number) =>
      fetch(`${url}/graphql`, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify({
          query: "{ tenant { slug } }",
          extensions: { n: "x".repeat(bytes) },
        }),
      });
    expect((await post(900_000)).status).toBe(200);
    expect((await post(1_200_000)).status).toBe(413);
    const row = "ada@harbor.example,Ada,Berg\n";
    const sent = await fetch(`${url}/api/v1/crm/imports?entity=contacts&dry_run=true`, {
      method: "POST",
      headers: { ...headers, "content-type": "text/csv" },
      body: `email,first_name,last_name\n${row.repeat(50_000)}`,
    });
    expect(sent.status).toBe(202);
  });

  it("the trailers or the last line of an export say whether it is whole", async () => {
    const sent = await fetch(`${url}/api/v1/crm/accounts/export`, {
      headers: { "x-api-key": started.key },
    });
    expect((await sent.text()).trimEnd().split("\n").at(-1)).toContain('{"_end":{"rows":');
  });
});
