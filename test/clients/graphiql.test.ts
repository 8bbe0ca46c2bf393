import { get, type IncomingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import type { Browser, Page, Request } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium, launchChromium, openProfile } from "../support/processes/browser.ts";
import { isLong } from "../support/run/run-length.ts";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";

const chromium = findChromium();
let gateway: TestGateway;
let demoKey: string;

beforeAll(async () => {
  gateway = await startGateway({ demoTenant: "north-harbor" });
  if (gateway.demo === null) throw new Error("started with a demo tenant");
  const { tenant, key } = gateway.demo;
  demoKey = key;
  const account = await tenant.account({ name: "Harborview Insurance" });
  const deal = await tenant.deal(account, { stage: "closed_won", value: "554.0572" });
  const quote = await tenant.quote(account, deal);
  await tenant.lineItem(quote, { description: "Cleaning agent, litre", quantity: "37.5" });
});
afterAll(() => gateway.close());

type Answer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

/** GET as a browser does it, with a Host header of one's choice, which fetch does not allow. */
function open(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get(`${gateway.url}${path}`, { headers: { accept: "text/html", ...headers } }, (response) => {
      const { statusCode: status = 0, headers: received } = response;
      text(response).then((body) => resolve({ status, headers: received, body }), reject);
    }).on("error", reject);
  });
}

describe("GraphiQL's page", () => {
  it.each(["127.0.0.1", "localhost:4000", "[::1]:4000"])(
    "holds the demo's key for %s",
    async (host) => {
      const { status, headers, body } = await open("/graphql", { host });
      expect(status).toBe(200);
      expect(body).toContain(demoKey);
      expect(headers["cache-control"]).toBe("no-store");
    },
  );

  it.each(["crm.example", "localhost.crm.example:4000", "127.0.0.1.nip.io", "10.0.0.7"])(
    "holds no key for %s, which only resolves to this machine",
    async (host) => {
      const { status, body } = await open("/graphql", { host });
      expect(status).toBe(200);
      expect(body).not.toContain("crm_test_");
    },
  );

  it("is small, and its files are kept by the browser", async () => {
    const { body, headers } = await open("/graphql");
    expect(body.length).toBeLessThan(5_000);
    expect(headers["content-security-policy"]).toContain("default-src 'none'");
    const files = [...body.matchAll(/\/graphiql\/\w+-[0-9a-f]{16}/g)].map(([path]) => path);
    expect(files).toHaveLength(6);
    for (const path of files) {
      const file = await open(path);
      expect(file.status).toBe(200);
      expect(file.headers["cache-control"]).toContain("immutable");
      expect(file.body).not.toContain(demoKey);
    }
    expect((await open("/graphiql/app-0123456789abcdef")).status).toBe(404);
    expect((await open("/graphiql/constructor-undefined")).status).toBe(404);
  });

  it.each(["[", "a b", "a/b", "localhost/", "%", "a:99999", "crm.example@localhost", "1.2.3.4.5"])(
    "is not given for the Host %s, which is none: 400",
    async (host) => {
      const { status, body } = await open("/graphql", { host });
      expect(status).toBe(400);
      expect(body).toBe('{"error":"The Host header is not the name of a host."}');
    },
  );
});

describe.skipIf(chromium === null)("GraphiQL in Chromium", () => {
  let browser: Browser;
  let elsewhere: string[];
  let complaints: string[];

  beforeAll(async () => {
    browser = await launchChromium(chromium ?? "");
  });
  afterAll(() => browser.close());

  /** A page in a fresh profile that may speak to the gateway alone. */
  async function visit(origin = gateway.url): Promise<Page> {
    elsewhere = [];
    complaints = [];
    const context = await openProfile(browser, { viewport: { width: 1400, height: 900 } });
    await context.route("**/*", (route) => {
      const url = route.request().url();
      if (url.startsWith(origin)) return route.continue();
      elsewhere.push(url);
      return route.abort();
    });
    const page = await context.newPage();
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    await page.goto(`${origin}/graphql`);
    await shown(page);
    return page;
  }

  /** Waits until the editors are there and the schema is known. */
  async function shown(page: Page): Promise<void> {
    await page.locator(`${queryEditor} .view-line`).first().waitFor();
    await page.locator(".graphiql-spinner").waitFor({ state: "detached" });
  }

  const content = async (page: Page, editor: string): Promise<string> =>
    (await page.locator(`${editor} .view-lines`).first().innerText()).replaceAll("\u00a0", " ");
  const queryEditor = ".graphiql-query-editor";
  const variablesEditor = '.graphiql-editor-tool [data-uri$="variables.json"]';
  const headersEditor = '.graphiql-editor-tool [data-uri$="request-headers.json"]';

  /** Waits until an editor has a text: each is filled at a time of its own. */
  const shows = async (page: Page, editor: string, part: string): Promise<void> => {
    await expect.poll(() => content(page, editor)).toContain(part);
  };

  /** Opens the headers, which the variables hide where the demo's key is filled in. */
  async function showsKey(page: Page, key: string): Promise<void> {
    await page.getByRole("button", { name: "Headers", exact: true }).click();
    await shows(page, headersEditor, `"x-api-key": "${key}"`);
  }

  /** Whether a request is for what stands in the editor: the page asks for the schema by itself. */
  const isOperation = (request: Request): boolean =>
    request.method() === "POST" && request.postData()?.includes("IntrospectionQuery") !== true;

  /** Presses Run and gives what the server answered. */
  async function run(page: Page): Promise<unknown> {
    const answer = page.waitForResponse((response) => isOperation(response.request()));
    await page.getByRole("button", { name: /^Execute query/ }).click();
    const response = await answer;
    await shows(page, ".graphiql-response", '"data"');
    return response.json();
  }

  /** Opens a tab by one click, and waits until GraphiQL knows the operation's name, which it runs by. */
  async function openTab(page: Page, name: string): Promise<void> {
    await page.getByRole("tab", { name }).click();
    await expect
      .poll(() => page.evaluate("localStorage.getItem('graphiql:query')"))
      .toContain(` ${name}`);
  }

  describe("a first visit", () => {
    let page: Page;
    beforeAll(async () => {
      page = await visit();
    });

    it("opens with the example and the demo's key, asks no other host, and runs it", async () => {
      expect(await page.title()).toBe("crm-gateway");
      await shows(page, queryEditor, "query FiveLevels {");
      await showsKey(page, demoKey);
      expect(await run(page)).toMatchObject({
        data: {
          tenant: {
            accounts: {
              nodes: [
                {
                  won: {
                    nodes: [
                      {
                        value: "554.0572",
                        quotes: { nodes: [{ lineItems: { nodes: [{ quantity: "37.5" }] } }] },
                      },
                    ],
                  },
                },
              ],
            },
          },
        },
      });
      // The page is as high as the window, however long a query is.
      expect(await page.evaluate("document.documentElement.scrollHeight")).toBe(900);
      expect(elsewhere).toEqual([]);
      expect(complaints).toEqual([]);
    });

    it("has a tab with a mutation and its variables, which runs", async () => {
      const fresh = await visit();
      await openTab(fresh, "CreateAccount");
      await shows(fresh, variablesEditor, '"name": "Juniper Trading"');
      expect(await run(fresh)).toMatchObject({
        data: { createAccount: { account: { displayName: "Juniper Trading" }, userErrors: [] } },
      });
      expect(complaints).toEqual([]);
    });

    it("has a tab with a subscription, which follows what happens", async () => {
      await openTab(page, "AccountChanged");
      const opened = page.waitForResponse(
        (answer) => answer.headers()["content-type"]?.startsWith("text/event-stream") === true,
      );
      await page.getByRole("button", { name: /^Execute query/ }).click();
      expect((await opened).status()).toBe(200);
      const other = await page.context().newPage();
      await other.goto(`${gateway.url}/graphql`);
      await shown(other);
      await openTab(other, "CreateAccount");
      await run(other);
      await shows(page, ".graphiql-response", "Juniper Trading");
      const query = `mutation { createAccount(input: { name: "Second of two" }) { account { id } } }`;
      await gateway.data(demoKey, query);
      await shows(page, ".graphiql-response", "Second of two");
      expect(elsewhere).toEqual([]);
      expect(complaints).toEqual([]);
    });

    it("shows the schema, which can be searched", async () => {
      const docs = page.locator(".graphiql-doc-explorer");
      await docs.getByText("LineItemConnection", { exact: true }).waitFor();
      await docs.getByRole("combobox").fill("StageChange");
      await page.getByRole("option", { name: /^StageChange$/ }).click();
      await docs.getByText("One change of a deal's stage").waitFor();
      await docs.getByText("toStage", { exact: true }).waitFor();
      expect(elsewhere).toEqual([]);
    });
  });

  it("keeps tabs and history over a reload, and adds no tab", async () => {
    const page = await visit();
    await run(page);
    await page.getByRole("button", { name: "New tab" }).click();
    await page.locator(`${queryEditor} .view-lines`).click();
    await page.keyboard.insertText("query Mine { viewer { scopes } }");
    // GraphiQL writes what it keeps half a second after the last key.
    await expect
      .poll(() => page.evaluate("localStorage.getItem('graphiql:tabState')"))
      .toContain("query Mine");
    expect(at(await run(page), "data")).toEqual({ viewer: { scopes: ["*"] } });
    for (const _ of isLong ? ["once", "and once more"] : ["once"]) {
      await page.reload();
      await shown(page);
      await expect
        .poll(() => page.getByRole("tab").allInnerTexts())
        .toEqual(["FiveLevels", "CreateAccount", "AccountChanged", "Mine"]);
      await shows(page, queryEditor, "viewer { scopes }");
      await showsKey(page, demoKey);
      expect(page.url()).toBe(`${gateway.url}/graphql`);
    }
    await page.getByRole("button", { name: "Show History" }).click();
    await expect
      .poll(() => page.locator(".graphiql-history-item-label").allInnerTexts())
      .toEqual(["Mine", "FiveLevels"]);
    expect(at(await run(page), "data")).toEqual({ viewer: { scopes: ["*"] } });
    expect(complaints).toEqual([]);
  });

  it("gets no key under a name that was made to resolve to this machine", async () => {
    const page = await visit(gateway.url.replace("127.0.0.1", "crm.example"));
    await shows(page, headersEditor, '"x-api-key": ""');
    await shows(page, queryEditor, "# Put your API key");
    expect(await page.content()).not.toContain(demoKey);
    if (process.env["SCREENSHOTS"] !== undefined) {
      await page.screenshot({ path: `${process.env["SCREENSHOTS"]}/without-key.png` });
    }
  });
});
