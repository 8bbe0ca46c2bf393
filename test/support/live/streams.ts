import { at, type TestGateway } from "../gateway/gateway.ts";
import { EventStream } from "./event-stream.ts";

type OpenOptions = {
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly scopes?: readonly string[];
};

/** Opens the streams of a tenant. */
export class Streams {
  readonly #gateway: TestGateway;
  readonly #slug: string;

  constructor(gateway: TestGateway, slug: string) {
    this.#gateway = gateway;
    this.#slug = slug;
  }

  /** A stream of a key of its own, so that no test has the points of another. */
  async open(
    query: string,
    { variables = {}, headers = {}, scopes = ["*"] }: OpenOptions = {},
  ): Promise<EventStream> {
    const key = await this.#gateway.keyFor(this.#slug, scopes);
    return EventStream.open(this.#gateway.url, key, { query, variables, headers });
  }

  /** The cursor at the end of the log. */
  async now(): Promise<string> {
    const query = "{ changes(last: 1) { pageInfo { endCursor } } }";
    const data = await this.#gateway.data(await this.#gateway.keyFor(this.#slug), query);
    return String(at(data, "changes", "pageInfo", "endCursor"));
  }
}
