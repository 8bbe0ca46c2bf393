import type { Page, Route } from "playwright-core";

/** As long as other tests wait, on a busy machine. */
const patiently = { timeout: 60_000 } as const;
const pass = (route: Route): Promise<void> => route.continue();
const isToken = (url: URL): boolean => url.pathname === "/token";

/** A page of an example, and what a person sees and does there. */
export class ExamplePage {
  readonly page: Page;
  readonly #origin: string;
  /** Answers the page's mutations. */
  onMutation: (route: Route) => Promise<void> = pass;
  #refusesStream = false;

  constructor(page: Page, origin: string) {
    this.page = page;
    this.#origin = origin;
  }

  async watch(): Promise<void> {
    await this.page.route(
      (url) => url.pathname === "/graphql",
      (route) => {
        const headers = route.request().headers();
        if (headers["idempotency-key"] !== undefined) return this.onMutation(route);
        const isStream = headers["accept"]?.startsWith("text/event-stream") === true;
        return isStream && this.#refusesStream ? this.#refuse(route) : route.continue();
      },
    );
  }

  /** Has the page's next stream of server-sent events answered with 503. */
  refuseStream(): void {
    this.#refusesStream = true;
  }

  async #refuse(route: Route): Promise<void> {
    this.#refusesStream = false;
    const errors = [{ message: "Later.", extensions: { code: "UNAVAILABLE" } }];
    const headers = { "access-control-allow-origin": this.#origin };
    await route.fulfill({ status: 503, headers, json: { errors } });
  }

  passMutations(): void {
    this.onMutation = pass;
  }

  /** Holds the next mutation until `send` is called. */
  holdMutation(): { held: Promise<void>; send: () => void } {
    const held = Promise.withResolvers<void>();
    const sent = Promise.withResolvers<void>();
    this.onMutation = async (route) => {
      this.passMutations();
      held.resolve();
      await sent.promise;
      await route.continue();
    };
    return { held: held.promise, send: sent.resolve };
  }

  /** Gives the page such tokens, of which it believes that they work for hours; the number of them so far. */
  async giveTokens(token: (count: number) => Promise<string>): Promise<() => number> {
    // The page before asks no more.
    await this.page.goto("about:blank");
    let count = 0;
    await this.page.route(isToken, async (route) => {
      count += 1;
      await route.fulfill({ json: { token: await token(count), seconds: 9_999 } });
    });
    return () => count;
  }

  async takeOwnTokens(): Promise<void> {
    await this.page.unroute(isToken);
  }

  async open(path: string): Promise<void> {
    // A new document, though only what is behind the # differs.
    await this.page.goto("about:blank");
    await this.page.goto(`${this.#origin}/#${path}`);
  }

  list(name: string) {
    return this.page.getByRole("list", { name }).getByRole("listitem");
  }

  column(name: string) {
    return this.page.getByRole("region", { name, exact: true });
  }

  card(name: string) {
    return this.page.getByRole("article", { name, exact: true });
  }

  async columnOf(name: string, expected: string): Promise<void> {
    await this.column(expected).getByRole("article", { name, exact: true }).waitFor(patiently);
  }

  /** Chooses a stage in the menu of a deal. */
  async move(name: string, stage: string): Promise<void> {
    await this.card(name).getByLabel("Stage").selectOption(stage);
  }

  async answerLoss(category: string, reason: string): Promise<void> {
    const dialog = this.page.getByRole("dialog", { name: "Lost deal" });
    await dialog.getByLabel("Category").fill(category);
    await dialog.getByLabel("Reason").fill(reason);
    await dialog.getByRole("button", { name: /^Move/ }).click();
    await dialog.waitFor({ ...patiently, state: "detached" });
  }
}
