import { createClient } from "graphql-sse";
import { isOver, query, soon } from "./query.mjs";

/** Server-sent events by graphql-sse. Resolves with the error that ends it. */
export async function follow({ url, key, after, onChange }) {
  const client = createClient({ url, headers: { "x-api-key": key }, retryAttempts: 0 });
  for (;;) {
    try {
      for await (const { data, errors } of client.iterate({ query, variables: { after } })) {
        if (isOver(errors)) return errors[0];
        if (!data) break;
        after = data.changes.cursor;
        onChange(data.changes);
      }
    } catch (error) {
      // Another key or query is needed; else the connection is lost: go on behind the last cursor.
      if ([400, 401, 403].includes(error.response?.status)) return error;
    }
    await soon();
  }
}
