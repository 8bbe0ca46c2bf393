import type { Browser, Page, Route } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seedDemo } from "../../src/seed/demo.ts";
import { freePort } from "../../tools/pgbouncer.ts";
import { build, install, serveSite, type Site } from "../support/examples/example-app.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { tokenSettings } from "../support/live/short-token.ts";
import { findChromium, launchChromium, openProfile } from "../support/processes/browser.ts";
import { startGatewayProcess, type GatewayProcess } from "../support/processes/gateway-process.ts";

const chromium = findChromium();
const apps = ["apollo", "relay", "urql"];

describe.skipIf(chromium === null)("the example pages in Chromium", () => {
  /** On the same database as the pages' gateways: whoever else works with the CRM. */
  let gateway: TestGateway;
  let key: string;
  let tenant: string;
  let browser: Browser;
  const other = (query: string, variables = {}) => gateway.data(key, query, variables);

  beforeAll(async () => {
    await Promise.all(apps.map(install));
    gateway = await startGateway();
    await seedDemo({ url: gateway.databaseUrl });
    key = await gateway.keyFor("north-harbor");
    tenant = String(at(await other("{ tenant { id } }"), "tenant", "id"));
    browser = await launchChromium(chromium ?? "");
  });
  afterAll(async () => {
    await browser.close();
    await gateway.close();
  });

  const firstAccount = async (): Promise<string> => {
    const data = await other(
      `{ accounts(first: 1, where: { quotes: { some: {} }, deals: { some: {} } }, search: "old mill") { nodes { id } } }`,
    );
    return String(at(data, "accounts", "nodes", "0", "id"));
  };
  const newDeal = async (name: string): Promise<string> => {
    const data = await other(
      `mutation ($input: CreateDealInput!) { createDeal(input: $input) { deal { id } userErrors { message } } }`,
      { input: { account_id: await firstAccount(), name, stage: "lead", value: "1234.5" } },
    );
    return String(at(data, "createDeal", "deal", "id"));
  };
  const update = async (id: string, input: object): Promise<void> => {
    const data = await other(
      `mutation ($id: ID!, $input: UpdateDealInput!) { updateDeal(id: $id, input: $input) { userErrors { message } } }`,
      { id, input },
    );
    expect(at(data, "updateDeal", "userErrors")).toEqual([]);
  };
  const dealOf = async (id: string): Promise<unknown> =>
    at(await other(`query ($id: ID!) { deal(id: $id) { stage name } }`, { id }), "deal");

  describe.each(apps)("examples/%s", (app) => {
    let served: GatewayProcess;
    let settings: Record<string, string>;
    let site: Site;
    let page: Page;
    const pass = (route: Route): Promise<void> => route.continue();
    let onMutation = pass;

    beforeAll(async () => {
      const port = String(await freePort());
      const manifest = await build(app, `http://127.0.0.1:${port}`);
      // Nothing but the page's own operations runs.
      settings = {
        ...tokenSettings,
        DATABASE_URL: gateway.databaseUrl,
        PORT: port,
        OPERATIONS: manifest,
      };
      site = await serveSite(app, "preview", {
        ...tokenSettings,
        TENANT: tenant,
        // Tokens end while the tests run: the page asks for the next one, and begins its stream again.
        TOKEN_SECONDS: "6",
      });
      settings["CORS_ORIGINS"] = site.origin;
      served = await startGatewayProcess(settings);
      const profile = await openProfile(browser, { viewport: { width: 1280, height: 800 } });
      page = await profile.newPage();
      await page.route(
        (url) => url.pathname === "/graphql",
        (route) =>
          route.request().headers()["idempotency-key"] === undefined
            ? route.continue()
            : onMutation(route),
      );
    });
    afterAll(async () => {
      await page.close();
      await site.close();
      await served.stop();
    });

    const open = async (path: string): Promise<void> => {
      // A new document, though only what is behind the # differs.
      await page.goto("about:blank");
      await page.goto(`${site.origin}/#${path}`);
    };
    const list = (name: string) => page.getByRole("list", { name }).getByRole("listitem");
    const column = (name: string) => page.getByRole("region", { name, exact: true });
    const card = (name: string) => page.getByRole("article", { name, exact: true });
    const columnOf = async (name: string, expected: string): Promise<void> => {
      const found = card(name).locator("xpath=ancestor::section");
      await expect.poll(() => found.getAttribute("aria-label")).toBe(expected);
    };
    /** Holds the next mutation until `send` is called. */
    const holdMutation = (): { held: Promise<void>; send: () => void } => {
      const held = Promise.withResolvers<void>();
      const sent = Promise.withResolvers<void>();
      onMutation = async (route) => {
        onMutation = pass;
        held.resolve();
        await sent.promise;
        await route.continue();
      };
      return { held: held.promise, send: sent.resolve };
    };

    it("lists all accounts page by page, each once, and finds some by a search", async () => {
      await open("/");
      const links = () =>
        list("Accounts")
          .getByRole("link")
          .evaluateAll((found) => found.map((link) => link.getAttribute("href")));
      await expect.poll(async () => (await links()).length).toBeGreaterThanOrEqual(20);
      const idsOf = async (search: string | null): Promise<string[]> => {
        const data = await other(
          `query ($search: String) { accounts(first: 100, search: $search, orderBy: [{ lastActivityAt: desc_nulls_last }]) { nodes { id } } }`,
          { search },
        );
        return listAt(data, "accounts", "nodes").map(
          (node) => `#/accounts/${String(at(node, "id"))}`,
        );
      };
      const all = await idsOf(null);
      expect(all.length).toBeGreaterThan(60);
      await expect
        .poll(async () => {
          await page.mouse.wheel(0, 5_000);
          return links();
        })
        .toEqual(all);
      await page.getByRole("searchbox").fill("old mill");
      await expect.poll(links).toEqual(await idsOf("old mill"));
      await page.getByRole("searchbox").fill("");
      await expect.poll(links).toEqual(all);
    });

    it("shows an account's deals, quotes and activities, and its figures", async () => {
      const id = await firstAccount();
      const { account } = await other(
        `query ($id: ID!) { account(id: $id) {
          displayName
          deals(first: 20, orderBy: [{ updatedAt: desc }]) { nodes { name } }
          quotes(first: 10) { nodes { quoteNumber } }
          activities(first: 20) { nodes { subject } }
          dealsAggregate(where: { stage: { notIn: ["closed_won", "closed_lost"] } }) { count }
        } }`,
        { id },
      );
      await open(`/accounts/${id}`);
      const texts = (name: string) => list(name).allInnerTexts();
      const expected = (field: string, of: string) =>
        listAt(account, field, "nodes").map((node): unknown =>
          expect.stringContaining([at(node, of)].join("")),
        );
      await expect.poll(() => texts("Deals")).toEqual(expected("deals", "name"));
      await expect
        .poll(() => page.getByRole("heading", { level: 1 }).innerText())
        .toBe(at(account, "displayName"));
      await expect.poll(() => texts("Quotes")).toEqual(expected("quotes", "quoteNumber"));
      await expect.poll(() => list("Activities").count()).toBe(10);
      await page.getByRole("button", { name: "More activities" }).click();
      await expect.poll(() => texts("Activities")).toEqual(expected("activities", "subject"));
      const facts = page.locator(".facts");
      const count = String(at(account, "dealsAggregate", "count"));
      await expect.poll(() => facts.innerText()).toContain(`${count} open`);
      // The second component's figure, merged with those of the first.
      await expect.poll(() => facts.innerText()).toMatch(/Largest open deal\s+\S*\d/);
    });

    it("writes a new deal once though the first answer is lost, and says which value is wrong", async () => {
      const id = await firstAccount();
      await open(`/accounts/${id}`);
      const form = page.getByRole("form", { name: "New deal" });
      const name = `Roof of ${app}`;
      await form.getByLabel("Name").fill(name);
      await form.getByLabel("Value").fill("a lot");
      await form.getByRole("button").click();
      await expect
        .poll(() => form.locator("label", { hasText: "Value" }).innerText())
        .toMatch(/number/);
      await form.getByLabel("Value").fill("12.50");
      const keys: unknown[] = [];
      onMutation = async (route) => {
        keys.push(route.request().headers()["idempotency-key"]);
        if (keys.length > 1) return route.continue();
        await route.fetch();
        await route.abort("connectionreset");
      };
      await form.getByRole("button").click();
      const made = () => list("Deals").filter({ hasText: name });
      await expect.poll(() => made().count()).toBe(1);
      await expect.poll(() => keys.length).toBe(2);
      await expect.poll(() => form.getByLabel("Name").inputValue()).toBe("");
      onMutation = pass;
      expect(new Set(keys).size).toBe(1);
      expect(await made().innerText()).toContain("12.50");
      const data = await other(
        `query ($name: String!) { deals(where: { name: { eq: $name } }) { totalCount } }`,
        { name },
      );
      expect(at(data, "deals", "totalCount")).toBe(1);
    });

    it("moves a deal before the answer is there, by dragging and by its menu, and back if it is refused", async () => {
      const name = `Moved by ${app}`;
      const id = await newDeal(name);
      await open("/board");
      await columnOf(name, "Lead");
      const first = holdMutation();
      await card(name).dragTo(column("Qualified"), { targetPosition: { x: 40, y: 20 } });
      await first.held;
      await columnOf(name, "Qualified");
      expect(await dealOf(id)).toMatchObject({ stage: "lead" });
      first.send();
      await expect.poll(() => dealOf(id)).toMatchObject({ stage: "qualified" });
      await expect.poll(() => card(name).getAttribute("aria-busy")).toBe("false");
      await card(name).getByLabel("Stage").selectOption("proposal");
      await expect.poll(() => dealOf(id)).toMatchObject({ stage: "proposal" });
      await columnOf(name, "Proposal");
      const refused = holdMutation();
      await card(name).getByLabel("Stage").selectOption("closed_lost");
      await refused.held;
      await columnOf(name, "Closed lost");
      refused.send();
      await columnOf(name, "Proposal");
      await expect
        .poll(() => page.getByRole("alert").first().innerText())
        .toMatch(/^loss.?reason is needed .*loss.?category is needed/i);
      expect(await dealOf(id)).toMatchObject({ stage: "proposal" });
    });

    it("shows both versions when somebody else was faster, and takes either", async () => {
      const name = `Wanted by ${app} and others`;
      const id = await newDeal(name);
      await open("/board");
      await columnOf(name, "Lead");
      const dialog = page.getByRole("dialog", { name: "Conflict" });
      const collide = async (mine: string, theirs: object): Promise<void> => {
        const { held, send } = holdMutation();
        await card(name).getByLabel("Stage").selectOption(mine);
        await held;
        await update(id, theirs);
        send();
        await expect.poll(() => dialog.isVisible()).toBe(true);
      };
      await collide("proposal", { stage: "negotiation", value: "99.5" });
      const cells = await dialog
        .locator("tr.differs")
        .evaluateAll((rows) =>
          rows.map((row) => [...row.children].map(({ textContent }) => textContent)),
        );
      expect(cells).toEqual([
        ["Stage", "Proposal", "Negotiation"],
        ["Value", "$1,234.50", "$99.50"],
      ]);
      await columnOf(name, "Negotiation");
      await dialog.getByRole("button", { name: /^Keep/ }).click();
      await expect.poll(() => dialog.count()).toBe(0);
      expect(await dealOf(id)).toMatchObject({ stage: "negotiation" });
      await collide("proposal", { stage: "qualified" });
      await dialog.getByRole("button", { name: /all the same/ }).click();
      await expect.poll(() => dealOf(id)).toMatchObject({ stage: "proposal" });
      await columnOf(name, "Proposal");
      await expect.poll(() => dialog.count()).toBe(0);
    });

    it("follows what others do, also while the gateway is killed and starts again", async () => {
      const name = `Followed by ${app}`;
      await open("/board");
      await expect.poll(() => page.getByRole("article").count()).toBeGreaterThan(50);
      const id = await newDeal(name);
      await columnOf(name, "Lead");
      await update(id, { stage: "negotiation" });
      await columnOf(name, "Negotiation");
      await served.kill();
      await update(id, { stage: "closed_won", name: `${name} for good` });
      served = await startGatewayProcess(settings);
      await columnOf(`${name} for good`, "Closed won");
      await other(`mutation ($id: ID!) { deleteDeal(id: $id) { deletedId: deal { id } } }`, { id });
      await expect.poll(() => card(`${name} for good`).count()).toBe(0);
    });

    it("sends ids of its operations, and each of its tokens only while it works", async () => {
      const bodies: string[] = [];
      const credentials = new Set<string | undefined>();
      page.on("request", (request) => {
        if (request.method() !== "POST" || !request.url().endsWith("/graphql")) return;
        bodies.push(request.postData() ?? "");
        credentials.add(request.headers()["authorization"]);
      });
      await open("/");
      await expect
        .poll(async () => {
          await page.getByRole("searchbox").fill(`search ${bodies.length}`);
          return credentials.size;
        })
        .toBeGreaterThan(1);
      expect(await page.getByRole("alert").allInnerTexts()).toEqual([]);
      page.removeAllListeners("request");
      for (const body of bodies) expect(body).not.toMatch(/"query"\s*:\s*"[^"]/);
      const [credential = ""] = credentials;
      const refused = await fetch(`${served.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: credential },
        body: JSON.stringify({ query: "{ tenant { name } }" }),
      });
      expect(await refused.text()).toContain("manifest");
    });

    it("says so if it gets no token", async () => {
      const isToken = (url: URL): boolean => url.pathname === "/token";
      await page.route(isToken, (route) => route.fulfill({ status: 500 }));
      await open("/");
      await expect
        .poll(() => page.getByRole("alert").allInnerTexts())
        .toEqual([expect.stringMatching(/\w/)]);
      await page.unroute(isToken);
      await open("/");
      await expect.poll(() => list("Accounts").count()).toBeGreaterThan(0);
    });

    it("fits a phone, where a deal is moved by its menu", async () => {
      const name = `On the phone with ${app}`;
      const id = await newDeal(name);
      await page.setViewportSize({ width: 390, height: 844 });
      const width = () => page.evaluate("document.documentElement.scrollWidth");
      await open("/");
      await expect.poll(() => list("Accounts").count()).toBeGreaterThan(10);
      expect(await width()).toBe(390);
      await list("Accounts").getByRole("link").first().click();
      await expect.poll(() => list("Activities").count()).toBeGreaterThan(0);
      expect(await width()).toBe(390);
      await open("/board");
      await card(name).getByLabel("Stage").selectOption("closed_won");
      await expect.poll(() => dealOf(id)).toMatchObject({ stage: "closed_won" });
      await columnOf(name, "Closed won");
      expect(await width()).toBe(390);
      await page.setViewportSize({ width: 1280, height: 800 });
    });

    it("runs from its sources on a gateway without a manifest, without a complaint in the console", async () => {
      // The tenant is the demo's, and a page at 127.0.0.1 may call without CORS_ORIGINS.
      const url = `${served.url}/graphql`;
      const dev = await serveSite(app, "dev", { ...tokenSettings, VITE_CRM_URL: url });
      await served.stop();
      const { OPERATIONS: _, CORS_ORIGINS: __, ...plain } = settings;
      served = await startGatewayProcess(plain);
      const complaints: string[] = [];
      const devPage = await (await openProfile(browser)).newPage();
      devPage.on("pageerror", (error) => complaints.push(error.message));
      devPage.on("console", (message) => {
        if (["warning", "error"].includes(message.type())) complaints.push(message.text());
      });
      await devPage.goto(dev.origin);
      const row = devPage.getByRole("list", { name: "Accounts" }).getByRole("listitem").first();
      await row.getByRole("link").click();
      await expect
        .poll(() => devPage.getByRole("list", { name: "Activities" }).getByRole("listitem").count())
        .toBeGreaterThan(0);
      await devPage.getByRole("link", { name: "Board" }).click();
      await expect.poll(() => devPage.getByRole("article").count()).toBeGreaterThan(50);
      const name = `In development with ${app}`;
      await newDeal(name);
      await expect.poll(() => devPage.getByRole("article", { name }).count()).toBe(1);
      expect(complaints).toEqual([]);
      await devPage.close();
      await dev.close();
    });
  });
});
