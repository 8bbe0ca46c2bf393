import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTenant } from "../support/gateway/one-tenant.ts";
import { bareEnvironment } from "../support/processes/environment.ts";

const folder = new URL("../../examples/paging/", import.meta.url);
const programs = await readdir(folder);
const names = Array.from({ length: 230 }, (_, index) => `Account ${index}`);

let started: Awaited<ReturnType<typeof startTenant>>;
beforeAll(async () => {
  started = await startTenant("paged");
  const query = `mutation ($inputs: [CreateAccountInput!]!) { createAccounts(inputs: $inputs) { results { userErrors { message } } } }`;
  await started.gateway.data(started.key, query, { inputs: names.map((name) => ({ name })) });
});
afterAll(() => started.gateway.close());

it.each(programs)("examples/paging/%s prints every account of three pages once", async (name) => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [fileURLToPath(new URL(name, folder))],
    { env: { ...bareEnvironment, BASE_URL: started.gateway.url, API_KEY: started.key } },
  );
  expect(stdout.trim().split("\n").toSorted()).toEqual(names.toSorted());
});

it("docs/paging.md shows these programs, letter by letter", async () => {
  const docs = await readFile(new URL("../../docs/paging.md", import.meta.url), "utf8");
  for (const name of programs) {
    expect(docs).toContain(await readFile(new URL(name, folder), "utf8"));
  }
});
