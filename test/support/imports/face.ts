import { vi } from "vitest";
import { patience } from "../database/waiting.ts";
import { at, listAt, type TestGatewayOptions } from "../gateway/gateway.ts";
import { startTenant } from "../gateway/one-tenant.ts";
import { assertDocumented } from "../rest/openapi-contract.ts";

/** The path of imports. */
export const path = "/api/v1/crm/imports";

export type Sent = {
  readonly query?: string;
  readonly type?: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
};
type Sending = {
  readonly body?: BodyInit;
  readonly headers?: Readonly<Record<string, string>>;
};
type Told = { readonly status: number; readonly headers: Headers; readonly body: unknown };

/** The tenant "imports", whose gateway runs jobs, with what a client asks about its files. */
export class ImportFace {
  readonly started: Awaited<ReturnType<typeof startTenant>>;

  constructor(started: ImportFace["started"]) {
    this.started = started;
  }

  static async start(env: TestGatewayOptions["env"] = {}): Promise<ImportFace> {
    return new ImportFace(await startTenant("imports", { runsJobs: true, env }));
  }

  /** Asks as a client does, and holds the answer to the document. */
  async ask(method: string, at_: string, init: Sending = {}, by = this.started.key): Promise<Told> {
    const response = await fetch(`${this.started.gateway.url}${at_}`, {
      method,
      ...init,
      headers: { "x-api-key": by, ...init.headers },
    });
    const text = await response.text();
    const { status, headers } = response;
    assertDocumented({ method, path: at_, status, headers, text });
    const isJson = headers.get("content-type")?.includes("json") === true;
    return { status, headers, body: isJson ? JSON.parse(text) : text };
  }

  send(
    body: BodyInit,
    { query = "entity=contacts", type = "text/csv", headers = {}, key }: Sent = {},
  ): Promise<Told> {
    const sending = { body, headers: { "content-type": type, ...headers } };
    return this.ask("POST", `${path}?${query}`, sending, key);
  }

  /** The import once it has ended. */
  async over(told: Told): Promise<unknown> {
    return await vi.waitFor(async () => {
      const { body } = await this.ask("GET", `${path}/${idOf(told)}`);
      if (at(body, "finished_at") === null) throw new Error("the import has not ended");
      return body;
    }, patience);
  }

  /** How many imports are kept, of all tenants. */
  async kept(): Promise<number> {
    const { rows } = await this.started.gateway.fixtures.client.query(
      "SELECT count(*)::int AS n FROM imports",
    );
    return Number(rows[0]?.n);
  }
}

export const idOf = ({ body }: Told): string => String(at(body, "id"));

export const issuesOf = ({ body }: Pick<Told, "body">) =>
  listAt(body, "issues").map((issue) => [at(issue, "path"), at(issue, "message")]);
