import { randomUUID } from "node:crypto";
import { execute } from "@graphql-tools/executor";
import type { ExecutionResult, GraphQLSchema } from "graphql";
import type { Actor } from "../../auth/actor.ts";
import { cursorAt } from "../../changes/position.ts";
import type { Database } from "../../db/database.ts";
import { asWork, maxAnswerBytes, Work } from "../../db/work.ts";
import { GatewayError, tooComplex } from "../../lib/errors.ts";
import { isRecord } from "../../lib/json.ts";
import type { LiveEvent } from "../../live/listening.ts";
import { isDataException } from "../../query/reader.ts";
import type { Context } from "../schema/context.ts";
import type { LiveOutcome } from "../schema/listening.ts";
import type { LiveOperation } from "./live-operation.ts";

/** An event of an operation as it is sent. */
export type EventText = {
  readonly cursor: string;
  /** `{"data":…}` as JSON; null if its record is no longer kept. */
  readonly body: string | null;
  /** What it cost to read, in points. */
  readonly cost: number;
};

/** For how long a text is there for others who ask for the same event a little later. */
const keptMilliseconds = 1_000;
/** The most events that one statement reads. */
const eventsAtOnce = 200;
/** When events that are read together are this long, those behind them are left for later. */
const bytesAtOnce = 1_000_000;

/** Other events of the same read are long; the event is to be asked for again. */
class Later extends Error {}

type EventTextsOptions = {
  readonly schema: GraphQLSchema;
  readonly database: Database;
  /** Whether operations are compiled; if not, each event is interpreted. */
  readonly compiled: boolean;
  /** Makes the context in which events are resolved. */
  readonly contextFor: (actor: Actor, work: Work) => Context;
  /** How long one read may take. */
  readonly readMilliseconds: number;
  /** The most reads at once. The rest of the connections are for requests. */
  readonly readsAtOnce: number;
  readonly maxCost: number;
  /** Prints an error as a caller may see it. Unexpected ones are logged with the id. */
  readonly tell: (error: unknown, id: string) => object;
};

/** The texts of one operation's events, for all streams that have it. */
type Shared = {
  readonly operation: LiveOperation;
  readonly texts: Map<string, Promise<EventText>>;
  waiting: Waiting[];
};
type Waiting = {
  readonly event: LiveEvent;
  readonly resolve: (text: EventText) => void;
  readonly reject: (reason: unknown) => void;
};

/**
 * Reads the records of events when they are sent. Streams of equal operations, whose callers see the same, share each
 * text: however many there are, an event is read once for all of them, and the events of a moment by one statement.
 */
export class EventTexts {
  readonly #options: EventTextsOptions;
  readonly #shared = new Map<string, Shared>();
  readonly #reads = new Work({ mayStop: false });

  constructor(options: EventTextsOptions) {
    this.#options = options;
  }

  /** The texts of the first events in their order: of all, or of at least one if they are long. */
  async of(operation: LiveOperation, events: readonly LiveEvent[]): Promise<EventText[]> {
    const { sharing } = operation;
    let shared = this.#shared.get(sharing);
    if (shared === undefined) {
      shared = { operation, texts: new Map(), waiting: [] };
      this.#shared.set(sharing, shared);
    }
    const own = shared;
    const asked = await Promise.allSettled(events.map((event) => this.#one(own, event)));
    const texts: EventText[] = [];
    for (const one of asked) {
      if (one.status === "fulfilled") texts.push(one.value);
      else if (!(one.reason instanceof Later)) throw one.reason;
      else break;
    }
    // Those in front were another stream's.
    if (texts.length === 0 && events.length > 0) return this.of(operation, events);
    // What the caller asks next may be about them.
    await this.#options.database.saw(operation.actor);
    return texts;
  }

  #one(shared: Shared, event: LiveEvent): Promise<EventText> {
    const key = `${event.position} ${event.transition}`;
    const known = shared.texts.get(key);
    if (known !== undefined) return known;
    const { promise, resolve, reject } = Promise.withResolvers<EventText>();
    shared.texts.set(key, promise);
    const forget = (): void => {
      shared.texts.delete(key);
      if (shared.texts.size === 0 && this.#shared.get(shared.operation.sharing) === shared)
        this.#shared.delete(shared.operation.sharing);
    };
    promise.then(() => setTimeout(forget, keptMilliseconds).unref(), forget);
    // All that is asked for in this turn of the event loop is read together.
    if (shared.waiting.length === 0) setImmediate(() => this.#readWaiting(shared));
    shared.waiting.push({ event, resolve, reject });
    return promise;
  }

  #readWaiting(shared: Shared): void {
    const { operation, waiting } = shared;
    shared.waiting = [];
    for (let at = 0; at < waiting.length; at += eventsAtOnce) {
      void this.#readSome(operation, waiting.slice(at, at + eventsAtOnce));
    }
  }

  async #readSome(operation: LiveOperation, some: readonly Waiting[]): Promise<void> {
    try {
      const events = some.map(({ event }) => event);
      const texts = await this.#inTurn(() => this.#read(operation, events));
      for (const [index, { resolve, reject }] of some.entries()) {
        const text = texts[index];
        if (text === undefined) reject(new Later());
        else resolve(text);
      }
    } catch (error) {
      for (const { reject } of some) reject(error);
    }
  }

  async #inTurn<Result>(read: () => Promise<Result>): Promise<Result> {
    await this.#reads.startRead(this.#options.readsAtOnce);
    try {
      return await read();
    } finally {
      this.#reads.endRead();
    }
  }

  /**
   * Reads events by one statement. If that fails for them together, each half is read alone, the last by resolvers; the
   * texts are those of the first events then, if these are long.
   */
  async #read(operation: LiveOperation, events: readonly LiveEvent[]): Promise<EventText[]> {
    const { field } = operation;
    const outcomes = events.map(outcomeOf);
    if (this.#options.compiled && field.isCompiled) {
      try {
        return await this.#readCompiled(operation, outcomes);
      } catch (error) {
        if (!isOfTheRecords(error)) throw error;
      }
      const half = Math.ceil(events.length / 2);
      if (events.length > 1) {
        const first = await this.#read(operation, events.slice(0, half));
        if (first.length < half || bytesOf(first) > bytesAtOnce) return first;
        return [...first, ...(await this.#read(operation, events.slice(half)))];
      }
    }
    const texts: EventText[] = [];
    for (const outcome of outcomes) {
      texts.push(await this.#interpreted(operation, outcome));
      if (bytesOf(texts) > bytesAtOnce) break;
    }
    return texts;
  }

  async #readCompiled(
    operation: LiveOperation,
    outcomes: readonly LiveOutcome[],
  ): Promise<EventText[]> {
    const { actor, field, variables, plan } = operation;
    const db = this.#options.database.pool.forTenant(actor.tenantId);
    const texts = await this.#asRead(operation, outcomes.length, (context) =>
      field.texts(outcomes, context, variables, ({ text, values, isPlannedEach }) =>
        db.rows(text, values, { plannedEach: isPlannedEach }),
      ),
    );
    return outcomes.map(({ cursor }, index) => {
      const text = texts[index] ?? null;
      if (text === null) return { cursor, body: null, cost: 0 };
      if (Buffer.byteLength(text) > maxAnswerBytes) throw tooComplex("The event is too long.");
      const cost = plan.spent(parsed(text), { variables, hasFailed: false });
      return { cursor, body: this.#bodyOf(text, cost, operation), cost };
    });
  }

  async #interpreted(operation: LiveOperation, outcome: LiveOutcome): Promise<EventText> {
    const { schema, tell } = this.#options;
    const { document, operationName, sent, variables, plan } = operation;
    const result = await this.#asRead(operation, 1, async (contextValue) =>
      execute({
        schema,
        document,
        operationName,
        rootValue: outcome,
        contextValue,
        variableValues: { ...sent },
      }),
    );
    const { data = null, errors }: ExecutionResult = "initialResult" in result ? {} : result;
    const hasFailed = errors !== undefined;
    const cost = plan.spent(data, { variables, hasFailed });
    const { cursor } = outcome;
    if (!hasFailed)
      return { cursor, body: this.#bodyOf(JSON.stringify(data), cost, operation), cost };
    const id = randomUUID();
    const told = errors.map((error) => tell(error, id));
    return { cursor, body: JSON.stringify({ errors: told, data }), cost };
  }

  #bodyOf(data: string, actual: number, { plan, variables }: LiveOperation): string {
    const requested = plan.demand(variables).cost;
    const cost = { requested, actual, limit: this.#options.maxCost };
    return `{"data":${data},"extensions":${JSON.stringify({ cost })}}`;
  }

  /** Runs a task as the work of one read, which is stopped when it takes too long. */
  async #asRead<Result>(
    { actor, plan, variables }: LiveOperation,
    events: number,
    task: (context: Context) => Promise<Result>,
  ): Promise<Result> {
    const { readMilliseconds, contextFor } = this.#options;
    const work = new Work();
    work.mayRead(plan.demand(variables).cost * events);
    const seconds = readMilliseconds / 1_000;
    const reason = () => tooComplex(`The event took more than ${seconds} s to read; select less.`);
    work.deadline = { at: performance.now() + readMilliseconds, reason };
    const timer = setTimeout(() => work.stop(reason()), readMilliseconds);
    try {
      return await asWork(work, () => task(contextFor(actor, work)));
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The length of texts. */
export const bytesOf = (texts: readonly EventText[]): number =>
  texts.reduce((sum, { body }) => sum + Buffer.byteLength(body ?? ""), 0);

function outcomeOf({ position, event, transition }: LiveEvent): LiveOutcome {
  const nodeId = String(event["id"]);
  return {
    cursor: cursorAt(position, nodeId),
    nodeId,
    recordId: String(event["recordId"]),
    transition,
  };
}

/** Whether a statement failed for what is in the records, or for their size, and not for the database's state. */
function isOfTheRecords(error: unknown): boolean {
  if (error instanceof GatewayError) return error.code === "QUERY_TOO_COMPLEX";
  return isDataException(error);
}

function parsed(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  return isRecord(value) ? value : {};
}
