import { Client, fetchExchange } from "urql";
import { onEnd, pipe, subscribe } from "wonka";
import { isOver, query, soon } from "./query.mjs";

/** urql 5 over server-sent events, by its own fetchExchange. Resolves with the error that ends it. */
export function follow({ url, key, after, onChange }) {
  const client = new Client({
    url,
    exchanges: [fetchExchange],
    fetchSubscriptions: true,
    fetchOptions: { headers: { "x-api-key": key } },
    preferGetMethod: false,
  });
  return new Promise((resolve) => {
    const begin = () => {
      let failure;
      pipe(
        client.subscription(query, { after }),
        onEnd(() => {
          if (isOver(failure?.graphQLErrors)) resolve(failure);
          else void soon().then(begin);
        }),
        subscribe(({ data, error }) => {
          failure = error;
          if (error || !data) return;
          after = data.changes.cursor;
          onChange(data.changes);
        }),
      );
    };
    begin();
  });
}
