import { createClient, NetworkError, type RequestParams } from "graphql-sse";
import {
  Environment,
  Network,
  Observable,
  RecordSource,
  Store,
  type FetchFunction,
  type GraphQLResponse,
  type RequestParameters,
  type SubscribeFunction,
  type Variables,
} from "relay-runtime";
import { forget, token } from "../../shared/session.ts";

const url: string = import.meta.env.VITE_CRM_URL ?? "http://127.0.0.1:4000/graphql";

type GraphQLErrors = readonly { message: string; extensions?: Record<string, unknown> }[];

/** An operation that gave no data. */
export class Refusal extends Error {
  readonly errors: GraphQLErrors;
  constructor(errors: GraphQLErrors) {
    super(errors.map(({ message }) => message).join(" "));
    this.errors = errors;
  }
}

/** A build for production sends the ids of its operations, and the gateway has their manifest: no other ones run. */
const bodyOf = ({ id, text }: RequestParameters, variables: Variables) =>
  import.meta.env.PROD ? { documentId: id, variables } : { query: text, variables };

/** Each mutation has one key for all of its attempts: it is written once, also when an answer is lost. */
const fetchOperation: FetchFunction = async (operation, variables) => {
  const isMutation = operation.operationKind === "mutation";
  const key: HeadersInit = isMutation ? { "idempotency-key": crypto.randomUUID() } : {};
  const body = JSON.stringify(bodyOf(operation, variables));
  const send = async () => {
    const sent = await token();
    const headers = { "content-type": "application/json", ...key, authorization: `Bearer ${sent}` };
    const response = await fetch(url, { method: "POST", headers, body });
    if (response.status === 401) forget(sent);
    return response;
  };
  const { data, errors } = await retried(async () => {
    let response = await send();
    // The token ended on its way: the request is sent once more, with the next one.
    if (response.status === 401) response = await send();
    if (response.status === 503) throw new Error("The gateway is busy.");
    return response.json();
  });
  if (data == null) throw new Refusal(errors ?? []);
  return { data, errors };
};

async function retried<Answer>(send: () => Promise<Answer>, attempt = 1): Promise<Answer> {
  try {
    return await send();
  } catch (error) {
    if (attempt === 5) throw error;
    await new Promise((resolve) => setTimeout(resolve, 300 * 2 ** attempt * Math.random()));
    return retried(send, attempt + 1);
  }
}

/** The token of the stream. */
let shown = "";

const authorization = async () => {
  shown = await token();
  return { authorization: `Bearer ${shown}` };
};

// Live.tsx begins a stream again, behind its last event.
const streams = createClient({ url, headers: authorization, retryAttempts: 0 });

const subscribe: SubscribeFunction = (operation, variables) =>
  Observable.create<GraphQLResponse>((sink) =>
    // graphql-sse sends the request as it is, also one with an id in place of a text.
    streams.subscribe(bodyOf(operation, variables) as RequestParams, {
      next({ data, errors }) {
        // The token has ended: the next stream asks for another one.
        if (errors?.some(({ extensions }) => extensions?.["code"] === "UNAUTHENTICATED"))
          forget(shown);
        if (data) sink.next({ data });
        else sink.error(new Refusal(errors ?? []));
      },
      error: (error) => {
        if (error instanceof NetworkError && error.response?.status === 401) forget(shown);
        sink.error(error instanceof Error ? error : new Error(String(error)));
      },
      complete: () => sink.complete(),
    }),
  );

export const environment = new Environment({
  network: Network.create(fetchOperation, subscribe),
  store: new Store(new RecordSource()),
  missingFieldHandlers: [
    {
      kind: "linked",
      // The list has the account already: its page shows at once what is known, and asks for the rest.
      handle: (field, _, { id }) => (field.name === "account" && id ? String(id) : undefined),
    },
  ],
});
