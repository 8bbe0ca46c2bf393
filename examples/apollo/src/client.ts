import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink } from "@apollo/client";
import { SetContextLink } from "@apollo/client/link/context";
import { ErrorLink } from "@apollo/client/link/error";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { RetryLink } from "@apollo/client/link/retry";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { createClient } from "graphql-ws";
import { map } from "rxjs";
import { forget, token } from "../../shared/session.ts";
import { cache } from "./cache.ts";

const url: string = import.meta.env.VITE_CRM_URL ?? "http://127.0.0.1:4000/graphql";

/** Each mutation has one key for all of its attempts: it is written once, also when an answer is lost. */
const idempotency = new SetContextLink(({ headers }, { operationType }) =>
  operationType === "mutation"
    ? { headers: { ...headers, "idempotency-key": crypto.randomUUID() } }
    : {},
);

/** An answer that says "later" is an error that RetryLink sees. */
const busy = new ApolloLink((operation, forward) =>
  forward(operation).pipe(
    map((result) => {
      const isBusy = result.errors?.some(({ extensions }) => extensions?.code === "UNAVAILABLE");
      if (isBusy) throw new CombinedGraphQLErrors(result);
      return result;
    }),
  ),
);

const retry = new RetryLink({ delay: { initial: 300, max: 5_000 }, attempts: { max: 5 } });

const authorization = new SetContextLink(async ({ headers }) => {
  const sent = await token();
  return { sent, headers: { ...headers, authorization: `Bearer ${sent}` } };
});

/** A request whose token ended on its way is sent once more, with the next one. */
const renewal = new ErrorLink(({ error, operation, forward }) => {
  const isRefused =
    CombinedGraphQLErrors.is(error) &&
    error.errors.some(({ extensions }) => extensions?.code === "UNAUTHENTICATED");
  if (!isRefused) return;
  forget(operation.getContext().sent);
  return forward(operation);
});

/** A build for production sends the ids of its operations, and the gateway has their manifest: no other ones run. */
const byId = new PersistedQueryLink({
  generateHash: (document) => hashOf(document).replace(/^sha256:/, ""),
});

function hashOf(document: object): string {
  if (!("__meta__" in document)) throw new Error("Write operations with graphql(`…`).");
  return (document.__meta__ as { hash: string }).hash;
}

/** The token of the socket. */
let shown = "";

const socket = createClient({
  url: url.replace(/^http/, "ws"),
  connectionParams: async () => {
    shown = await token();
    return { authorization: `Bearer ${shown}` };
  },
  on: {
    // The gateway refuses the token, or it has ended: the next socket asks for another one.
    closed: (event) => {
      if (event instanceof CloseEvent && event.code === 4401) forget(shown);
    },
  },
  // src/live.ts begins again, behind the last event.
  retryAttempts: 0,
});

const overSocket = new GraphQLWsLink({
  ...socket,
  // A message must have a text. It is empty where an id names the operation.
  subscribe: (payload, sink) =>
    socket.subscribe(
      payload.extensions?.persistedQuery ? { ...payload, query: "" } : payload,
      sink,
    ),
});

const overHttp = ApolloLink.from([
  idempotency,
  retry,
  busy,
  renewal,
  authorization,
  new HttpLink({ uri: url }),
]);

const transport = ApolloLink.split(
  ({ operationType }) => operationType === "subscription",
  overSocket,
  overHttp,
);

export const client = new ApolloClient({
  cache,
  link: import.meta.env.PROD ? byId.concat(transport) : transport,
});
