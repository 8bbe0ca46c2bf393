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
      let isOpen = true;
      const { unsubscribe } = pipe(
        client.subscription(query, { after }),
        onEnd(() => void end()),
        subscribe(({ data, error }) => {
          // urql does not take an answer that is no stream, such as 401, for the end.
          if (error) void end(error);
          else if (data) {
            after = data.changes.cursor;
            onChange(data.changes);
          }
        }),
      );
      async function end(failure) {
        if (!isOpen) return;
        isOpen = false;
        await soon();
        unsubscribe();
        if (isOver(failure?.graphQLErrors)) resolve(failure);
        else begin();
      }
    };
    begin();
  });
}
