import { ApolloClient, CombinedGraphQLErrors, gql, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { CloseCode, createClient } from "graphql-ws";
import { isOver, query, soon } from "./query.mjs";

/** Apollo Client 4 over WebSocket. Resolves with the error that ends it. */
export function follow({ url, key, after, onChange }) {
  let isRefused = false;
  const socket = createClient({
    url: url.replace(/^http/, "ws"),
    connectionParams: { "x-api-key": key },
    // A subscription that ends is begun again below, behind the last cursor.
    retryAttempts: 0,
    on: { closed: ({ code }) => (isRefused = code === CloseCode.Unauthorized) },
  });
  const client = new ApolloClient({ link: new GraphQLWsLink(socket), cache: new InMemoryCache() });
  return new Promise((resolve) => {
    const begin = () => {
      const changes = client.subscribe({
        query: gql(query),
        variables: { after },
        fetchPolicy: "no-cache",
      });
      let failure;
      changes.subscribe({
        next({ data, error }) {
          failure = error;
          if (!data) return;
          after = data.changes.cursor;
          onChange(data.changes);
        },
        error: again,
        complete: again,
      });
      function again(reason = failure) {
        const isWrong = CombinedGraphQLErrors.is(reason) && isOver(reason.errors);
        if (isRefused || isWrong) resolve(reason);
        else void soon().then(begin);
      }
    };
    begin();
  });
}
