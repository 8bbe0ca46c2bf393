import { setTimeout as sleep } from "node:timers/promises";

/** What a run of requests came to. */
export type TrafficReport = {
  readonly requests: number;
  /** The texts of answers that were no success. */
  readonly failures: readonly string[];
  /** The longest time in which no request at all was answered. */
  readonly longestSilence: number;
  /** The longest time that one request took. */
  readonly longestRequest: number;
};

export const operations: readonly string[] = [
  "{ tenant { slug } accounts(first: 5, where: { deals: { some: {} } }) { totalCount nodes { displayName deals(first: 3) { nodes { name value } } } } }",
  '{ search(query: "mill", first: 5) { nodes { __typename } } }',
  "{ pipeline { stage count } }",
  "mutation ($name: String!) { createAccount(input: { display_name: $name }) { account { id } userErrors { message } } }",
  "mutation ($name: String!) { createContact(input: { first_name: $name }) { contact { id version } userErrors { message } } }",
];

/** Clients that ask without a pause, each whichever gateway `urls` names at the moment, as behind a proxy. */
export class Traffic {
  readonly #urls: () => readonly string[];
  readonly #key: string;
  readonly #failures: string[] = [];
  readonly #clients: Promise<void>[];
  #isOver = false;
  #requests = 0;
  #lastAnswer = performance.now();
  #longestSilence = 0;
  #longestRequest = 0;

  constructor(key: string, clients: number, urls: () => readonly string[]) {
    this.#key = key;
    this.#urls = urls;
    this.#clients = Array.from({ length: clients }, (_, place) => this.#ask(place));
  }

  async #ask(place: number): Promise<void> {
    for (let turn = place; !this.#isOver; turn++) {
      const urls = this.#urls();
      const url = urls[turn % urls.length] ?? "";
      const began = performance.now();
      const failure = await this.#send(url, turn).catch((error: unknown) => String(error));
      const now = performance.now();
      this.#requests += 1;
      if (failure !== null) this.#failures.push(failure);
      else {
        this.#longestSilence = Math.max(this.#longestSilence, now - this.#lastAnswer);
        this.#lastAnswer = now;
      }
      this.#longestRequest = Math.max(this.#longestRequest, now - began);
      await sleep(5);
    }
  }

  /** Null for an answer without errors. */
  async #send(url: string, turn: number): Promise<string | null> {
    const isRest = turn % (operations.length + 1) === operations.length;
    const headers = { "content-type": "application/json", "x-api-key": this.#key };
    const query = operations[turn % (operations.length + 1)];
    const response = isRest
      ? await fetch(`${url}/api/v1/crm/deals?limit=5`, { headers })
      : await fetch(`${url}/graphql`, {
          method: "POST",
          headers,
          body: JSON.stringify({
            query,
            ...(query?.includes("$name") === true ? { variables: { name: `Name ${turn}` } } : {}),
          }),
        });
    const text = await response.text();
    if (response.ok && !/"(?:errors|message)":/.test(text)) return null;
    return `${response.status} ${query ?? "REST"}: ${text.slice(0, 300)}`;
  }

  /** How many requests were answered so far. */
  get requests(): number {
    return this.#requests;
  }

  /** Ends it, and says what came of it. */
  async stop(): Promise<TrafficReport> {
    this.#isOver = true;
    await Promise.all(this.#clients);
    return {
      requests: this.#requests,
      failures: this.#failures,
      longestSilence: Math.round(this.#longestSilence),
      longestRequest: Math.round(this.#longestRequest),
    };
  }
}
