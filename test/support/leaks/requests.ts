import type { Call } from "./calls.ts";
import { documentOf } from "./calls.ts";
import { eventsOf } from "./live.ts";
import type { Document } from "./schema.ts";
import { plainAnswers } from "../gateway/plain-answers.ts";
import type { TestGateway } from "../gateway/gateway.ts";

/** A request that asks several things. */
export type Probe = { readonly calls: readonly Call[]; readonly document: Document };

/** What came back, but for what says when and how long it is. */
export type Reply = {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: string;
};

/** Several calls to a request: a server answers them at once, and so many fewer are needed. A subscription is alone. */
export function bundled(calls: readonly Call[], size = 12): readonly Probe[] {
  const [live, others] = [true, false].map((is) =>
    calls.filter(({ isLive }) => (isLive === true) === is),
  );
  const probes: Probe[] = [];
  for (let start = 0; start < (others?.length ?? 0); start += size) {
    const some = others?.slice(start, start + size) ?? [];
    probes.push({ calls: some, document: documentOf(some) });
  }
  return [
    ...probes,
    ...(live ?? []).map((call) => ({ calls: [call], document: documentOf([call]) })),
  ];
}

export const documentsOf = (probes: readonly Probe[]): readonly Document[] =>
  probes.map(({ document }) => document);
export const namesOf = ({ calls }: Probe): string => calls.map(({ name }) => name).join(", ");

/** The probes that were answered one way here and another there, with both answers. */
export function differing(
  probes: readonly Probe[],
  here: readonly Reply[],
  there: readonly Reply[],
): readonly unknown[] {
  return probes.flatMap((probe, index) =>
    JSON.stringify(here[index]) === JSON.stringify(there[index])
      ? []
      : [{ asked: namesOf(probe), here: here[index], there: there[index] }],
  );
}

const passing = /^(date|connection|keep-alive|content-length|x-request-id|(x-)?ratelimit-.*)$/;

/** Sends one document as a client does. */
export async function reply(gateway: TestGateway, key: string, document: Document): Promise<Reply> {
  if (document.last !== undefined) return liveReply(gateway, key, document);
  const { query, variables } = document;
  const response = await fetch(`${gateway.url}/graphql`, {
    method: "POST",
    headers: { ...plainAnswers, "content-type": "application/json", "x-api-key": key },
    body: JSON.stringify({ query, variables }),
  });
  const body = await response.text();
  return {
    status: response.status,
    headers: lasting(response.headers),
    // What is left of a quota goes down with every request.
    body: body.replace(/,?"rateLimit":\{[^{}]*\{[^{}]*\}[^{}]*\}/, ""),
  };
}

/** The events of a subscription as one answer: a list of what it gave, and what ended it. */
async function liveReply(gateway: TestGateway, key: string, document: Document): Promise<Reply> {
  const { status, headers, events, refusal } = await eventsOf(gateway, key, document);
  const body = { ...refusal, ...(events === null ? {} : { data: { c0: events } }) };
  return { status, headers: lasting(headers), body: JSON.stringify(body) };
}

const lasting = (headers: Headers): readonly string[] =>
  [...headers].filter(([name]) => !passing.test(name)).map(([name, value]) => `${name}: ${value}`);

/** Sends many documents, a few at a time, and gives the replies in their order. */
export async function replies(
  gateway: TestGateway,
  key: string,
  documents: readonly Document[],
  inFlight = 6,
): Promise<readonly Reply[]> {
  const found: Reply[] = [];
  await inTurn([...documents.entries()], inFlight, async ([place, document]) => {
    found[place] = await reply(gateway, key, document);
  });
  return found;
}

/** Does something with each item, with so many at once. */
export async function inTurn<Item>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const item of rest) await work(item);
    }),
  );
}

/** The same documents in an order that has nothing to do with theirs. */
export function shuffled<Item>(items: readonly Item[], seed: number): readonly Item[] {
  let state = seed;
  const drawn = items.map((item) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return { item, state };
  });
  return drawn.toSorted((a, b) => a.state - b.state).map(({ item }) => item);
}
