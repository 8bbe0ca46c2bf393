import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium, launchChromium, openProfile } from "../../support/processes/browser.ts";
import { at, listAt, startGateway, type TestGateway } from "../../support/gateway/gateway.ts";
import { openApi } from "../../support/rest/openapi-contract.ts";
import { send } from "../../support/gateway/raw-http.ts";

const chromium = findChromium();
const origin = "https://app.example.com";
let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await startGateway({ env: { CORS_ORIGINS: origin, NODE_ENV: "production" } });
  const north = await gateway.fixtures.tenant("north");
  await north.account({ name: "Harborview Insurance" });
  key = await gateway.keyFor("north");
});
afterAll(() => gateway.close());

describe("/docs", () => {
  it("holds the demo's key for this machine alone", async () => {
    const demo = await startGateway({ demoTenant: "north" });
    const page = async (host: string) =>
      (await send(`${demo.url}/docs`, { method: "GET", headers: [["host", host]] })).body;
    const demoKey = demo.demo?.key ?? "";
    for (const host of ["127.0.0.1", "localhost:4000"]) expect(await page(host)).toContain(demoKey);
    for (const host of ["crm.example", "127.0.0.1.nip.io", "10.0.0.7"]) {
      expect(await page(host)).toContain('"key":null');
    }
    await demo.close();
  });
});

describe("/openapi.json", () => {
  it("is the document, for everybody, and for pages of the origins that may call", async () => {
    const response = await fetch(`${gateway.url}/openapi.json`, { headers: { origin } });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(response.headers.get("access-control-allow-origin")).toBe(origin);
    expect(response.headers.get("vary")).toBe("origin, accept-encoding");
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(openApi)));
  });

  it("is not sent again to whoever has it", async () => {
    const url = `${gateway.url}/openapi.json`;
    const first = await send(url, { method: "GET" });
    const { etag } = first.headers;
    if (typeof etag !== "string") throw new Error("it has an ETag");
    const again = await send(url, { method: "GET", headers: [["if-none-match", etag]] });
    expect([again.status, again.body]).toEqual([304, ""]);
    const other = await send(url, { method: "GET", headers: [["if-none-match", 'W/"other"']] });
    expect([other.status, other.body]).toEqual([200, first.body]);
    const head = await send(url, { method: "HEAD" });
    expect([head.status, head.body]).toEqual([200, ""]);
    expect(head.headers["content-length"]).toBe(String(Buffer.byteLength(first.body)));
  });

  it.each(["/openapi.json", "/docs"])("%s is only read: 405 for everything else", async (path) => {
    for (const method of ["POST", "PUT", "DELETE"]) {
      const { status, headers, body } = await send(`${gateway.url}${path}`, { method });
      expect([status, headers["allow"]]).toEqual([405, "GET, HEAD"]);
      expect(body).toContain('{"error":');
    }
  });
});

describe("/docs", () => {
  it("is small, and its files are kept by the browser", async () => {
    const response = await fetch(`${gateway.url}/docs`);
    const body = await response.text();
    expect(response.headers.get("content-security-policy")).toMatch(
      /^default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:;/,
    );
    expect(response.headers.get("cache-control")).toBe("no-store");
    const files = [...body.matchAll(/\/docs\/\w+-[0-9a-f]{16}/g)].map(([path]) => path);
    expect(files).toHaveLength(3);
    for (const path of files) {
      const file = await fetch(`${gateway.url}${path}`);
      expect(file.status).toBe(200);
      expect(file.headers.get("cache-control")).toContain("immutable");
      expect(file.headers.get("content-encoding")).toBe("gzip");
      expect((await file.text()).length).toBeGreaterThan(100);
    }
  });

  it.each([
    "/docs/app-0123456789abcdef",
    "/docs/constructor-undefined",
    "/docs/app",
    "/docs/../package.json",
    "/docs/..%2fpackage.json",
    "/docsx",
  ])("has no file %s", async (path) => {
    expect((await send(`${gateway.url}${path}`, { method: "GET" })).status).toBe(404);
  });
});

describe.skipIf(chromium === null)("/docs in Chromium", () => {
  let browser: Browser;
  /** One for all: to draw it takes a browser seconds. */
  let page: Page;
  const elsewhere: string[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await launchChromium(chromium ?? "");
    page = await visit();
  });
  afterAll(() => browser.close());

  async function visit(): Promise<Page> {
    const context = await openProfile(browser, { viewport: { width: 1400, height: 1000 } });
    await context.route("**/*", (route) => {
      const url = route.request().url();
      if (url.startsWith(gateway.url)) return route.continue();
      elsewhere.push(url);
      return route.abort();
    });
    const opened = await context.newPage();
    opened.on("pageerror", (error) => complaints.push(error.message));
    opened.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    await opened.goto(`${gateway.url}/docs`);
    await opened.locator(".opblock-tag-section").first().waitFor();
    return opened;
  }

  const operationOf = (id: string) => page.locator(`.opblock[id$="-${id}"]`);

  it("shows every tag with its operations, and asks no other host", async () => {
    const tags = page.locator("h3.opblock-tag");
    await expect
      .poll(() => tags.evaluateAll((all) => all.map((tag) => tag.getAttribute("data-tag"))))
      .toEqual(listAt(openApi, "tags").map((tag) => at(tag, "name")));
    const count = Object.values(Object(openApi["paths"])).flatMap((item) =>
      Object.keys(Object(item)),
    ).length;
    await expect.poll(() => page.locator(".opblock").count()).toBe(count);
    expect(await page.locator(".errors-wrapper").count()).toBe(0);
    if (process.env["SCREENSHOTS"] !== undefined) {
      await page.screenshot({ path: `${process.env["SCREENSHOTS"]}/docs.png` });
    }
    expect([elsewhere, complaints]).toEqual([[], []]);
  });

  it("sends what is tried out, with a key and filters, and forgets the key", async () => {
    await page.getByRole("button", { name: "Authorize" }).first().click();
    const form = page.locator(".auth-container").filter({ hasText: "x-api-key" });
    await form.locator("input").fill(key);
    await form.getByRole("button", { name: "Apply credentials" }).click();
    await page.locator(".close-modal").click();
    const list = operationOf("listAccounts");
    await list.locator(".opblock-summary-control").click();
    await list.locator(".try-out__btn").click();
    const field = (name: string) => list.locator(`tr[data-param-name="${name}"] input`);
    await field("name").fill("Harborview Insurance");
    await field("created_at").fill('{"gte":"2026-01-01"}');
    const answered = page.waitForResponse((response) => response.url().includes("/crm/accounts"));
    await list.locator(".execute").click();
    const response = await answered;
    expect(response.status()).toBe(200);
    expect(at(await response.json(), "pagination", "count")).toBe(1);
    const query = new URL(response.url()).searchParams;
    expect(query.get("name")).toBe("Harborview Insurance");
    expect(query.get("created_at[gte]")).toBe("2026-01-01");
    await list.locator(".live-responses-table").getByText("200", { exact: true }).first().waitFor();
    await page.goto(`${gateway.url}/openapi.json`);
    expect(await page.evaluate("JSON.stringify(localStorage) + document.cookie")).not.toContain(
      key,
    );
    expect([elsewhere, complaints]).toEqual([[], []]);
  });
});
