import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { seedDemo } from "../../src/seed/demo.ts";
import { freePort } from "../../tools/pgbouncer.ts";
import { build, install, serveSite, type Site } from "../support/examples/example-app.ts";
import { ExamplePage } from "../support/examples/example-page.ts";
import { otherPeople, type OtherPeople } from "../support/examples/other-people.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { shortToken, tokenSettings } from "../support/live/short-token.ts";
import { findChromium, launchChromium, openProfile } from "../support/processes/browser.ts";
import { startGatewayProcess, type GatewayProcess } from "../support/processes/gateway-process.ts";

const chromium = findChromium();
const apps = ["apollo", "relay", "urql"];

describe.skipIf(chromium === null)("the example pages in Chromium", () => {
  /** On the same database as the pages' gateways: whoever else works with the CRM. */
  let gateway: TestGateway;
  let others: OtherPeople;
  let tenant: string;
  let browser: Browser;

  beforeAll(async () => {
    await Promise.all(apps.map(install));
    gateway = await startGateway();
    await seedDemo({ url: gateway.databaseUrl });
    others = otherPeople(gateway, await gateway.keyFor("north-harbor"));
    tenant = String(at(await others.ask("{ tenant { id } }"), "tenant", "id"));
    browser = await launchChromium(chromium ?? "");
  });
  afterAll(async () => {
    await browser.close();
    await gateway.close();
  });

  describe.each(apps)("examples/%s", (app) => {
    let served: GatewayProcess;
    let settings: Record<string, string>;
    let site: Site;
    let page: Page;
    let shown: ExamplePage;

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
      shown = new ExamplePage(page, site.origin);
      await shown.watch();
    });
    afterAll(async () => {
      await page.close();
      await site.close();
      await served.stop();
    });

    it("lists all accounts page by page, each once, and finds some by a search", async () => {
      await shown.open("/");
      const links = () =>
        shown
          .list("Accounts")
          .getByRole("link")
          .evaluateAll((found) => found.map((link) => link.getAttribute("href")));
      await expect.poll(async () => (await links()).length).toBeGreaterThanOrEqual(20);
      const idsOf = async (search: string | null): Promise<string[]> =>
        (await others.accounts(search)).map((id) => `#/accounts/${id}`);
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
      const id = await others.firstAccount();
      const account = await others.account(id);
      await shown.open(`/accounts/${id}`);
      const texts = (name: string) => shown.list(name).allInnerTexts();
      const expected = (field: string, of: string) =>
        listAt(account, field, "nodes").map((node): unknown =>
          expect.stringContaining([at(node, of)].join("")),
        );
      await expect.poll(() => texts("Deals")).toEqual(expected("deals", "name"));
      await expect
        .poll(() => page.getByRole("heading", { level: 1 }).innerText())
        .toBe(at(account, "displayName"));
      await expect.poll(() => texts("Quotes")).toEqual(expected("quotes", "quoteNumber"));
      await expect.poll(() => shown.list("Activities").count()).toBe(10);
      await page.getByRole("button", { name: "More activities" }).click();
      await expect.poll(() => texts("Activities")).toEqual(expected("activities", "subject"));
      const facts = page.locator(".facts");
      const count = String(at(account, "dealsAggregate", "count"));
      await expect.poll(() => facts.innerText()).toContain(`${count} open`);
      // The second component's figure, merged with those of the first.
      await expect.poll(() => facts.innerText()).toMatch(/Largest open deal\s+\S*\d/);
    });

    it("writes a new deal once though the first answer is lost, and says which value is wrong", async () => {
      const id = await others.firstAccount();
      await shown.open(`/accounts/${id}`);
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
      shown.onMutation = async (route) => {
        keys.push(route.request().headers()["idempotency-key"]);
        if (keys.length > 1) return route.continue();
        await route.fetch();
        await route.abort("connectionreset");
      };
      await form.getByRole("button").click();
      const made = () => shown.list("Deals").filter({ hasText: name });
      await expect.poll(() => made().count()).toBe(1);
      await expect.poll(() => keys.length).toBe(2);
      await expect.poll(() => form.getByLabel("Name").inputValue()).toBe("");
      shown.passMutations();
      expect(new Set(keys).size).toBe(1);
      expect(await made().innerText()).toContain("12.50");
      const data = await others.ask(
        `query ($name: String!) { deals(where: { name: { eq: $name } }) { totalCount } }`,
        { name },
      );
      expect(at(data, "deals", "totalCount")).toBe(1);
    });

    it("moves a deal before the answer is there, by dragging and by its menu, and back if it is refused", async () => {
      const name = `Moved by ${app}`;
      const id = await others.newDeal(name);
      await shown.open("/board");
      await shown.columnOf(name, "Lead");
      const first = shown.holdMutation();
      await shown
        .card(name)
        .dragTo(shown.column("Qualified"), { targetPosition: { x: 40, y: 20 } });
      await first.held;
      await shown.columnOf(name, "Qualified");
      expect(await others.dealOf(id)).toMatchObject({ stage: "lead" });
      first.send();
      await expect.poll(() => others.dealOf(id)).toMatchObject({ stage: "qualified" });
      await expect.poll(() => shown.card(name).getAttribute("aria-busy")).toBe("false");
      await shown.move(name, "proposal");
      await expect.poll(() => others.dealOf(id)).toMatchObject({ stage: "proposal" });
      await shown.columnOf(name, "Proposal");
      const refused = shown.holdMutation();
      await shown.move(name, "closed_lost");
      // A blank answers the page's questions, but not the gateway's.
      await shown.answerLoss(" ", " ");
      await refused.held;
      await shown.columnOf(name, "Closed lost");
      refused.send();
      await shown.columnOf(name, "Proposal");
      await expect
        .poll(() => page.getByRole("alert").first().innerText())
        .toMatch(/^loss.?reason is needed .*loss.?category is needed/i);
      expect(await others.dealOf(id)).toMatchObject({ stage: "proposal" });
    });

    it("asks why a deal is lost before it moves it, by dragging and by its menu", async () => {
      const name = `Lost by ${app}`;
      const id = await others.newDeal(name);
      await shown.open("/board");
      await shown.columnOf(name, "Lead");
      let mutations = 0;
      shown.onMutation = async (route) => {
        mutations += 1;
        await route.continue();
      };
      const dialog = page.getByRole("dialog", { name: "Lost deal" });
      await shown.move(name, "closed_lost");
      await dialog.getByRole("button", { name: "Cancel" }).click();
      await expect.poll(() => dialog.count()).toBe(0);
      await shown.move(name, "closed_lost");
      await page.keyboard.press("Escape");
      await expect.poll(() => dialog.count()).toBe(0);
      await shown.columnOf(name, "Lead");
      expect(await shown.card(name).getByLabel("Stage").inputValue()).toBe("lead");
      await shown
        .card(name)
        .dragTo(shown.column("Closed lost"), { targetPosition: { x: 40, y: 20 } });
      await dialog.getByRole("button", { name: /^Move/ }).click();
      // The browser points at what is missing, and nothing is sent.
      expect(
        await dialog.getByLabel("Category").evaluate((input) => input.matches(":invalid")),
      ).toBe(true);
      await shown.columnOf(name, "Lead");
      expect(mutations).toBe(0);
      await shown.answerLoss("price", "Theirs was cheaper.");
      await shown.columnOf(name, "Closed lost");
      const closed = { lossCategory: "price", lossReason: "Theirs was cheaper.", version: 2 };
      await expect.poll(() => others.dealOf(id)).toMatchObject({ stage: "closed_lost", ...closed });
      expect(await page.getByRole("alert").allInnerTexts()).toEqual([]);
      shown.passMutations();
    });

    it("sends what a token that ended was refused for once more, with the next token", async () => {
      const name = `Still moved by ${app}`;
      const id = await others.newDeal(name);
      const ended = await shortToken(tenant, -60);
      const tokens = await shown.giveTokens((count) =>
        count > 1 ? shortToken(tenant, 9_999, ["*"]) : Promise.resolve(ended),
      );
      await shown.open("/board");
      await shown.columnOf(name, "Lead");
      expect(tokens()).toBe(2);
      expect(await page.getByRole("alert").allInnerTexts()).toEqual([]);

      const keys: unknown[] = [];
      let refusals = 1;
      shown.onMutation = async (route) => {
        const headers = route.request().headers();
        keys.push(headers["idempotency-key"]);
        if (keys.length > refusals) return route.continue();
        await route.continue({ headers: { ...headers, authorization: `Bearer ${ended}` } });
      };
      await shown.move(name, "qualified");
      await expect.poll(() => others.dealOf(id)).toMatchObject({ stage: "qualified", version: 2 });
      await expect.poll(() => shown.card(name).getAttribute("aria-busy")).toBe("false");
      await shown.columnOf(name, "Qualified");
      expect(keys).toEqual([keys[0], keys[0]]);
      expect(tokens()).toBe(3);

      // Refused again, it is given up, and the card goes back.
      keys.length = 0;
      refusals = 2;
      await shown.move(name, "proposal");
      await expect.poll(() => page.getByRole("alert").first().innerText()).toMatch(/\w/);
      await shown.columnOf(name, "Qualified");
      expect(keys).toEqual([keys[0], keys[0]]);
      shown.passMutations();
      await shown.takeOwnTokens();
    });

    it("begins its stream again with the next token when the token has ended before the page thinks so", async () => {
      const name = `Told to ${app}`;
      const tokens = await shown.giveTokens((count) =>
        shortToken(tenant, count > 1 ? 9_999 : 8, ["*"]),
      );
      await shown.open("/board");
      await expect.poll(() => page.getByRole("article").count()).toBeGreaterThan(50);
      // The page sends nothing else meanwhile.
      await expect.poll(tokens, { timeout: 60_000 }).toBe(2);
      await others.newDeal(name);
      await shown.columnOf(name, "Lead");
      expect(tokens()).toBe(2);
      expect(await page.getByRole("alert").allInnerTexts()).toEqual([]);
      await shown.takeOwnTokens();
    });

    it("shows both versions when somebody else was faster, and takes either", async () => {
      const name = `Wanted by ${app} and others`;
      const id = await others.newDeal(name);
      await shown.open("/board");
      await shown.columnOf(name, "Lead");
      const dialog = page.getByRole("dialog", { name: "Conflict" });
      const collide = async (mine: string, theirs: object): Promise<void> => {
        const { held, send } = shown.holdMutation();
        await shown.move(name, mine);
        await held;
        await others.update(id, theirs);
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
      await shown.columnOf(name, "Negotiation");
      await dialog.getByRole("button", { name: /^Keep/ }).click();
      await expect.poll(() => dialog.count()).toBe(0);
      expect(await others.dealOf(id)).toMatchObject({ stage: "negotiation" });
      await collide("proposal", { stage: "qualified" });
      await dialog.getByRole("button", { name: /all the same/ }).click();
      await expect.poll(() => others.dealOf(id)).toMatchObject({ stage: "proposal" });
      await shown.columnOf(name, "Proposal");
      await expect.poll(() => dialog.count()).toBe(0);
    });

    it("follows what others do, also while the gateway is killed and starts again", async () => {
      const name = `Followed by ${app}`;
      shown.refuseStream();
      await shown.open("/board");
      await expect.poll(() => page.getByRole("article").count()).toBeGreaterThan(50);
      const id = await others.newDeal(name);
      await shown.columnOf(name, "Lead");
      await others.update(id, { stage: "negotiation" });
      await shown.columnOf(name, "Negotiation");
      await served.kill();
      await others.update(id, { stage: "closed_won", name: `${name} for good` });
      served = await startGatewayProcess(settings);
      await shown.columnOf(`${name} for good`, "Closed won");
      await others.ask(`mutation ($id: ID!) { deleteDeal(id: $id) { deletedId: deal { id } } }`, {
        id,
      });
      await expect.poll(() => shown.card(`${name} for good`).count()).toBe(0);
    });

    it("sends ids of its operations, and each of its tokens only while it works", async () => {
      const bodies: string[] = [];
      const credentials = new Set<string | undefined>();
      page.on("request", (request) => {
        if (request.method() !== "POST" || !request.url().endsWith("/graphql")) return;
        bodies.push(request.postData() ?? "");
        credentials.add(request.headers()["authorization"]);
      });
      await shown.open("/");
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
      await page.route("**/token", (route) => route.fulfill({ status: 500 }));
      await shown.open("/");
      await expect
        .poll(() => page.getByRole("alert").allInnerTexts())
        .toEqual([expect.stringMatching(/\w/)]);
      await page.unroute("**/token");
      await shown.open("/");
      await expect.poll(() => shown.list("Accounts").count()).toBeGreaterThan(0);
    });

    it("fits a phone, where a deal is moved by its menu", async () => {
      const name = `On the phone with ${app}`;
      const id = await others.newDeal(name);
      await page.setViewportSize({ width: 390, height: 844 });
      const width = () => page.evaluate("document.documentElement.scrollWidth");
      await shown.open("/");
      await expect.poll(() => shown.list("Accounts").count()).toBeGreaterThan(10);
      expect(await width()).toBe(390);
      await shown.list("Accounts").getByRole("link").first().click();
      await expect.poll(() => shown.list("Activities").count()).toBeGreaterThan(0);
      expect(await width()).toBe(390);
      await shown.open("/board");
      await shown.move(name, "closed_won");
      await expect.poll(() => others.dealOf(id)).toMatchObject({ stage: "closed_won" });
      await shown.columnOf(name, "Closed won");
      expect(await width()).toBe(390);
      await page.setViewportSize({ width: 1280, height: 800 });
    });

    it("runs from its sources on a gateway without a manifest, without a complaint in the console", async () => {
      // The tenant is the demo's, and a page at 127.0.0.1 may call without CORS_ORIGINS.
      const url = `${served.url}/graphql`;
      const dev = await serveSite(app, "dev", { ...tokenSettings, VITE_CRM_URL: url });
      onTestFinished(() => dev.close());
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
      await others.newDeal(name);
      await expect.poll(() => devPage.getByRole("article", { name }).count()).toBe(1);
      expect(complaints).toEqual([]);
      await devPage.close();
    });
  });
});
