import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium, launchChromium, openProfile } from "../support/processes/browser.ts";
import { installClient } from "../support/processes/client-package.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { startScriptedServer, type ScriptedServer } from "../support/processes/scripted-server.ts";

const chromium = findChromium();

describe.skipIf(chromium === null)("in a page of another origin", () => {
  let gateway: TestGateway;
  let site: ScriptedServer;
  let browser: Browser;
  let page: Page;
  let apiKey: string;

  beforeAll(async () => {
    const installed = await installClient();
    const code = await readFile(join(installed.packageDirectory, "dist", "index.mjs"), "utf8");
    await installed.remove();
    site = await startScriptedServer();
    site.script(
      (response) => response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html>"),
      (response) => response.writeHead(200, { "content-type": "text/javascript" }).end(code),
    );
    // A page without TLS, which has no crypto.randomUUID.
    const origin = site.url.replace("127.0.0.1", "crm.example");
    gateway = await startGateway({ env: { CORS_ORIGINS: origin } });
    const tenant = await gateway.fixtures.tenant("north-harbor");
    await tenant.makeMany(
      "account",
      Array.from({ length: 7 }, (_, index) => ({ name: `Harbor ${index}` })),
    );
    apiKey = await gateway.keyFor(tenant.slug);
    browser = await launchChromium(chromium ?? "");
    page = await (await openProfile(browser)).newPage();
    await page.goto(origin);
    await page.evaluate("import('/client.mjs').then((sdk) => { globalThis.sdk = sdk; })");
  });
  afterAll(async () => {
    await browser.close();
    await gateway.close();
    site.close();
  });

  /** Runs code that has a client in scope. */
  const inPage = (code: string): Promise<unknown> =>
    page.evaluate(`(async () => {
      const { accounts } = sdk.createCrmClient({ baseUrl: "${gateway.url}", apiKey: "${apiKey}" }).customer;
      ${code}
    })()`);

  it("lists all pages", async () => {
    const names = await inPage(`
      const names = [];
      for await (const { name } of accounts.list({ sort: "name", limit: 3 })) names.push(name);
      return names;`);
    expect(names).toEqual(Array.from({ length: 7 }, (_, index) => `Harbor ${index}`));
  });

  it("creates, changes and deletes, though the page is not a secure one", async () => {
    expect(await page.evaluate("[isSecureContext, typeof crypto.randomUUID]")).toEqual([
      false,
      "undefined",
    ]);
    const written = await inPage(`
      const made = await accounts.create({ name: "Bay" });
      await accounts.update(made.id, { name: "Cove" }, { ifMatch: made.version });
      return accounts.delete(made.id, { ifMatch: 2 });`);
    expect(written).toMatchObject({ name: "Cove", is_deleted: true, version: 3 });
  });

  it("reads all of an error, its headers too", async () => {
    const failure = await inPage(`
      return accounts.create({ email: "nora@" }).catch((error) => ({
        isOurs: error instanceof sdk.ValidationError,
        requestId: error.requestId,
        remaining: error.headers.get("x-ratelimit-remaining"),
        issues: error.issues,
      }));`);
    expect(failure).toMatchObject({
      isOurs: true,
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      remaining: expect.stringMatching(/^\d+$/),
      issues: [{ path: "email" }],
    });
  });

  it("does not follow where a server points", async () => {
    const elsewhere = await startScriptedServer();
    const open = { "access-control-allow-origin": "*", "access-control-allow-headers": "*" };
    elsewhere.script(
      (preflight) => preflight.writeHead(204, open).end(),
      (moved) =>
        moved.writeHead(307, { ...open, location: `${gateway.url}/api/v1/crm/deals` }).end(),
    );
    const failure = await inPage(`
      const { deals } = sdk.createCrmClient({ baseUrl: "${elsewhere.url}", apiKey: "k" }).customer;
      return deals.list().catch(({ name, message }) => [name, message]);`);
    elsewhere.close();
    expect(failure).toEqual(["ApiError", expect.stringContaining("redirects")]);
    expect(elsewhere.received).toHaveLength(2);
  });

  it("ends a call whose signal fires", async () => {
    const name = await inPage(`
      const controller = new AbortController();
      const call = accounts.list({}, { signal: controller.signal });
      const outcome = call.catch((error) => error.name);
      controller.abort();
      return outcome;`);
    expect(name).toBe("AbortError");
  });
});
