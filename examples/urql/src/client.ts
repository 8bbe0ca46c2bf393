import { authExchange } from "@urql/exchange-auth";
import { persistedExchange } from "@urql/exchange-persisted";
import { retryExchange } from "@urql/exchange-retry";
import { Client, fetchExchange, makeOperation, mapExchange } from "urql";
import { forget, isCurrent, token } from "../../shared/session.ts";
import { cache } from "./cache.ts";

const url: string = import.meta.env.VITE_CRM_URL ?? "http://127.0.0.1:4000/graphql";

/** Each mutation has one key for all of its attempts: it is written once, also when an answer is lost. */
const idempotency = mapExchange({
  onOperation(operation) {
    if (operation.kind !== "mutation") return operation;
    const headers = { "idempotency-key": crypto.randomUUID() };
    return makeOperation(operation.kind, operation, {
      ...operation.context,
      fetchOptions: { headers },
    });
  },
});

const retry = retryExchange({
  initialDelayMs: 300,
  maxDelayMs: 5_000,
  maxNumberAttempts: 5,
  // Live.tsx begins a stream again, behind its last event.
  retryIf: ({ networkError, graphQLErrors }, { kind }) =>
    kind !== "subscription" &&
    (networkError !== undefined ||
      graphQLErrors.some(({ extensions }) => extensions.code === "UNAVAILABLE")),
});

const authorization = authExchange(async ({ appendHeaders }) => {
  // Without a token the gateway refuses, and the page shows what it says.
  const renewed = () => token().catch(() => "");
  let current = await renewed();
  return {
    addAuthToOperation: (operation) =>
      appendHeaders(operation, { authorization: `Bearer ${current}` }),
    willAuthError: () => !isCurrent(),
    // A request whose token ended on its way is sent once more, with the next one.
    didAuthError: ({ graphQLErrors }) =>
      graphQLErrors.some(({ extensions }) => extensions.code === "UNAUTHENTICATED"),
    async refreshAuth() {
      forget(current);
      current = await renewed();
    },
  };
});

/** A build for production sends the ids of its operations, and the gateway has their manifest: no other ones run. */
const byId = persistedExchange({
  enforcePersistedQueries: true,
  enableForMutation: true,
  enableForSubscriptions: true,
  preferGetForPersistedQueries: false,
  generateHash: async (_, document) => hashOf(document).replace(/^sha256:/, ""),
});

function hashOf(document: object): string {
  if (!("__meta__" in document)) throw new Error("Write operations with graphql(`…`).");
  return (document.__meta__ as { hash: string }).hash;
}

export const client = new Client({
  url,
  preferGetMethod: false,
  // Server-sent events, which fetchExchange reads.
  fetchSubscriptions: true,
  exchanges: [
    cache,
    idempotency,
    retry,
    authorization,
    ...(import.meta.env.PROD ? [byId] : []),
    fetchExchange,
  ],
});
