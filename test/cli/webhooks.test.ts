import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listWebhooks } from "../../src/modules/webhook/operator.ts";
import { bareEnvironment } from "../support/processes/environment.ts";
import { launcher, runCli } from "../support/processes/cli.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";
import { RowWriter } from "../support/writes/row-writer.ts";

let started: Awaited<ReturnType<typeof startTenant>>;
let server: Server;
let url: string;
/** Whether the next request fails. */
let fails = false;
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
      response.writeHead(fails ? 500 : 204).end();
      fails = false;
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

const crm = (...words: readonly string[]) =>
  runCli(words, { DATABASE_URL: started.gateway.databaseUrl });
const idOf = (key: string): string => `key-${key.split("_")[2]}`;

test("crm webhooks create, list and test", async () => {
  const { key, gateway } = started;
  const made = await crm(
    "webhooks",
    "create",
    "--key",
    idOf(key),
    "--url",
    url,
    "--types",
    "Deal,Account",
    "--description",
    "billing",
  );
  expect(made).toMatchObject({ code: 0, output: expect.stringMatching(/^whsec_\S+$/) });
  const [id = ""] = /whk-\S+/.exec(made.errors) ?? [];
  const record = (await listWebhooks(gateway.database))[0];
  expect(record).toMatchObject({
    id,
    tenant: "north-harbor",
    url,
    description: "billing",
    types: ["Deal", "Account"],
    payload: "thin",
    keyId: idOf(key),
    status: "active",
    waiting: 0,
  });
  const listed = await crm("webhooks", "list");
  expect(listed.output).toMatch(/^ID[^]*Deal,Account +thin[^]*active/);
  expect(listed.output).not.toContain(made.output);
  fails = true;
  const tested = await crm("webhooks", "test", id);
  const [{ headers, body } = { headers: {}, body: "" }] = got.splice(0);
  expect(new Webhook(made.output).verify(body, headers)).toMatchObject({
    type: "webhook.test",
    data: { webhook_id: id },
  });
  expect(tested).toMatchObject({ code: 1, output: expect.stringContaining("500 in ") });
  expect((await crm("webhooks", "test", id)).output).toMatch(/^Delivered\. 204 in \d+ ms$/);
  got.length = 0;
});

test.each([
  ["a target in a private network", ["--url", "http://10.0.0.1/"], /^url .*leads to a private/],
  ["a kind of record that has no history", ["--types", "Tenant"], /^--types: there is no Tenant/],
])("crm webhooks create refuses %s", async (_name, wrong, said) => {
  const ended = await crm("webhooks", "create", "--key", idOf(started.key), "--url", url, ...wrong);
  expect(ended.errors).toMatch(said);
  expect(ended).toMatchObject({ code: 1, output: "" });
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
  fails = true;
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
  ["a cursor that is none", ["--forward-to", "http://127.0.0.1:3000", "--after", "x"], /--after/],
])("crm webhooks listen refuses %s", async (_name, words, said) => {
  const ended = await crm(...listening(...words));
  expect(ended.errors).toMatch(said);
  expect(ended).toMatchObject({ code: 1, output: "" });
});
