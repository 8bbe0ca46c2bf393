import { createClient } from "graphql-ws";
import { isOver, query, soon } from "./query.mjs";

/** WebSocket by graphql-ws, which by itself connects again and subscribes. Resolves with the errors that end it. */
export function follow({ url, key, after, onChange }) {
  const client = createClient({
    url: url.replace(/^http/, "ws"),
    connectionParams: { "x-api-key": key },
    retryAttempts: Infinity,
    // A browser says nothing of why it cannot connect; unless told so, the client would give up.
    shouldRetry: () => true,
    retryWait: soon,
  });
  // Printed anew each time that it subscribes: it then goes on behind the last cursor.
  const variables = {
    get after() {
      return after;
    },
  };
  const next = ({ data }) => {
    if (!data) return;
    after = data.changes.cursor;
    onChange(data.changes);
  };
  return new Promise((resolve) => {
    const begin = () => client.subscribe({ query, variables }, { next, error, complete: resolve });
    // Errors of the subscription alone: the connection stays, and it is begun again here.
    function error(reason) {
      if (Array.isArray(reason) && !isOver(reason)) void soon().then(begin);
      else resolve(reason);
    }
    begin();
  });
}
