import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bareEnvironment } from "../support/processes/environment.ts";
import { launcher, runCli } from "../support/processes/cli.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";
import { RowWriter } from "../support/writes/row-writer.ts";

let started: Awaited<ReturnType<typeof startTenant>>;
let server: Server;
let url: string;
const got: { readonly headers: Record<string, string>; readonly body: string }[] = [];

beforeAll(async () => {
  started = await startTenant("north-harbor");
  server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      got.push({ headers, body });
      response.writeHead(got.length === 1 ? 500 : 204).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/hook`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await started.gateway.close();
});

const listening = (...more: readonly string[]) => [
  "webhooks",
  "listen",
  "--tenant",
  "north-harbor",
  ...more,
];

test("crm webhooks listen sends events as they are committed, signed, and says what became of them", async () => {
  const { gateway, key } = started;
  const words = listening("--forward-to", url, "--types", "Account", "--payload", "full");
  const child = spawn(process.execPath, [launcher, ...words], {
    env: { ...bareEnvironment, DATABASE_URL: gateway.databaseUrl },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  await expect.poll(() => output).toContain("signed with whsec_");
  const accounts = new RowWriter(gateway, key, "accounts");
  const id = await accounts.made({ name: "Harbor" });
  await accounts.update([{ id, name: "Harbor & Sons" }]);
  await expect.poll(() => output).toMatch(/updated .*\n/);
  const [, secret = ""] = /signed with (\S+)/.exec(output) ?? [];
  const messages = got.map(({ body, headers }) => new Webhook(secret).verify(body, headers));
  expect(messages).toMatchObject([
    { type: "account.created", data: { record_id: id, record: { id } } },
    { type: "account.updated", data: { record_id: id, changed_fields: ["name"] } },
  ]);
  expect(output.split("\n").slice(1, -1)).toEqual([
    expect.stringMatching(`^\\d\\d:\\d\\d:\\d\\d account\\.created ${id}: 500 in \\d+ ms$`),
    expect.stringMatching(`^\\d\\d:\\d\\d:\\d\\d account\\.updated ${id}: 204 in \\d+ ms$`),
  ]);
  child.kill("SIGINT");
  const [code]: unknown[] = await once(child, "close");
  expect(code).toBe(0);
});

test.each([
  ["a target in a private network", ["--forward-to", "http://10.0.0.1/"], /leads to a private/],
  ["a cursor that is none", ["--forward-to", "http://127.0.0.1:3000", "--after", "x"], /--after/],
])("crm webhooks listen refuses %s", async (_name, words, said) => {
  const ended = await runCli(listening(...words), { DATABASE_URL: started.gateway.databaseUrl });
  expect(ended.errors).toMatch(said);
  expect(ended).toMatchObject({ code: 1, output: "" });
});
