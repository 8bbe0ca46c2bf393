import type { ExecutionResult, FormattedExecutionResult, GraphQLFormattedError } from "graphql";
import { parseJson } from "../../lib/exact-number.ts";
import { isRecord } from "../../lib/json.ts";
import type { EventStream, StreamEnd, StreamEvent } from "../../limits/event-stream.ts";

/** Results as their bodies say them. */
export type Results = AsyncGenerator<Body, void, undefined>;
type Body = Readonly<Record<string, unknown>>;

/** Why an operation is refused, as its client is told. */
export class Refused extends Error {
  readonly errors: readonly GraphQLFormattedError[];

  constructor(errors: readonly GraphQLFormattedError[]) {
    super("refused");
    this.errors = errors;
  }
}

const isError = (value: unknown): value is GraphQLFormattedError =>
  isRecord(value) && typeof value["message"] === "string";

/** The errors in a body that holds no data. */
function errorsIn({ errors, error }: Body): readonly GraphQLFormattedError[] {
  const told = Array.isArray(errors) ? errors.filter(isError) : [];
  return told.length > 0 ? told : [{ message: typeof error === "string" ? error : "No answer." }];
}

/** The last body that was read: the streams of one moment have the same. */
let last: { readonly text: string; readonly body: Body } | null = null;

function read(text: string): Body {
  if (last?.text !== text) last = { text, body: asBody(parseJson(text)) };
  return last.body;
}

const asBody = (value: unknown): Body => (isRecord(value) ? value : {});

/** What came out of an operation that graphql-ws is handed. */
export function resultsOf(value: unknown): Results {
  if (isResults(value)) return value;
  throw new Error("the operation has no results");
}

const isResults = (value: unknown): value is Results =>
  typeof value === "object" && value !== null && Symbol.asyncIterator in value;

/** A result as it is sent. Its errors are told already. */
export function asSent(result: ExecutionResult): FormattedExecutionResult {
  return { ...result, errors: undefined, ...(result.errors === undefined ? {} : errorsOf(result)) };
}

const errorsOf = ({ errors }: ExecutionResult): { errors: GraphQLFormattedError[] } => ({
  errors: [...(errors ?? [])],
});

/** The result of a request with one answer. @throws Refused if it was refused, or there is no answer */
export async function* oneAnswer(answer: string): Results {
  const body = answer === "" ? {} : asBody(parseJson(answer));
  if (!("data" in body)) throw new Refused(errorsIn(body));
  yield body;
}

/**
 * The events of a subscription one by one, as graphql-ws sends them. `over` hears how it ended.
 *
 * @throws Refused if it ended for a reason that the client is told.
 */
export function eachEvent(stream: EventStream, over: (end: StreamEnd) => void): Results {
  let [waiting, place]: [readonly StreamEvent[], number] = [[], 0];
  const done = { done: true, value: undefined } as const;
  const stop = async () => {
    stream.close();
    over({ kind: "closed" });
    return done;
  };
  return {
    next: async () => {
      for (;;) {
        const event = waiting[place];
        if (event !== undefined) {
          place += 1;
          return { done: false, value: read(event.body) };
        }
        const next = await stream.events.next();
        if (next.done !== true) {
          [waiting, place] = [next.value, 0];
          continue;
        }
        over(next.value);
        if (next.value.kind !== "refused") return done;
        throw new Refused(errorsIn(read(next.value.body)));
      }
    },
    return: stop,
    throw: stop,
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}
