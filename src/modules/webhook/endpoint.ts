import type { Actor } from "../../auth/actor.ts";
import type { ChangeOperation } from "../../changes/event-log.ts";
import type { Problem } from "../../write/problem.ts";

/** The kinds of payloads: ids alone, the record, or the answer to a query of the endpoint's own. */
export type PayloadKind = "thin" | "full" | "graphql";

/** What an endpoint is told of, and how. */
export type EndpointSettings = {
  readonly url: string;
  /** GraphQL types of records; empty for all that its key may read. */
  readonly types: readonly string[];
  /** Empty for all. */
  readonly operations: readonly ChangeOperation[];
  /** As it was sent: of the records if there is one type, else of events. */
  readonly filter: unknown;
  readonly payload: PayloadKind;
  readonly query: string | null;
};

/** An endpoint as it is delivered to. */
export type Endpoint = EndpointSettings & {
  readonly tenantId: string;
  /** Bare UUID. */
  readonly id: string;
  /** The key whose rights it has, as a bare UUID. */
  readonly apiKeyId: string;
  /** The position in the tenant's log behind which events are still to be looked at. */
  readonly position: string;
};

/** What became of a request to an endpoint. */
export type Sent = {
  readonly startedAt: Date;
  readonly milliseconds: number;
  /** Null if there was no answer. */
  readonly httpStatus: number | null;
  /** The beginning of the answer. */
  readonly answer: string | null;
  /** Why it counts as failed; null if it was delivered. */
  readonly failure: string | null;
};

/** What the GraphQL face needs of those who deliver. */
export type Webhooks = {
  /** The rights that a key has now; null if it does not work. */
  readonly actorOf: (apiKeyId: string) => Promise<Actor | null>;
  /** Looks a URL up: whether messages may go there. */
  readonly checkUrl: (url: string) => Promise<readonly Problem[]>;
  /** Looks at an endpoint's other settings with the rights of its key. */
  readonly check: (settings: Omit<EndpointSettings, "url">, actor: Actor) => readonly Problem[];
  /** Sends a message that says that it is a test. */
  readonly test: (endpoint: Pick<Endpoint, "tenantId" | "id" | "url">) => Promise<Sent>;
  /** Has an endpoint's events delivered soon. */
  readonly wake: (endpoint: Pick<Endpoint, "tenantId" | "id">) => Promise<void>;
  /** Pauses it, or has it delivered to again, with an event that says so. */
  readonly setPaused: (
    endpoint: Pick<Endpoint, "tenantId" | "id">,
    paused: boolean,
    actor: string,
  ) => Promise<void>;
  /** Has what belongs to deleted endpoints removed soon. */
  readonly removeDeleted: () => Promise<void>;
  /** The position of the last event in a tenant's log. */
  readonly endOfLog: (tenantId: string) => Promise<bigint>;
  /** A new secret that signs. */
  readonly makeSecret: () => string;
};
