import { useEffect, useState, type ReactNode } from "react";
import { useClient, useQuery, type CombinedError } from "urql";
import { onEnd, pipe, subscribe } from "wonka";
import { isOver, soon } from "../../shared/live.ts";
import { graphql } from "./gql/gql.ts";

const StartQuery = graphql(`
  query Start {
    tenant {
      id
      name
    }
    changes(last: 1, types: [Account, Deal]) {
      pageInfo {
        endCursor
      }
    }
  }
`);

const ChangesSubscription = graphql(`
  subscription Changes($after: String) {
    changes(after: $after, types: [Account, Deal]) {
      cursor
      node {
        id
        operation
        recordId
        record {
          id
          ...AccountRow
          ...DealCard
        }
      }
    }
  }
`);

/** Follows the log from the moment that the page opens, so that every list that is read later stays current. */
export function Live({ children }: { children: (tenant: string) => ReactNode }) {
  const client = useClient();
  const [{ data, error }] = useQuery({ query: StartQuery });
  const [failure, setFailure] = useState<string | null>(null);
  const start = data?.changes?.pageInfo.endCursor;

  useEffect(() => {
    if (start === undefined) return;
    let after = start;
    let timer: ReturnType<typeof setTimeout>;
    let stop = (): void => undefined;
    let isStopped = false;
    const begin = (): void => {
      let isOpen = true;
      const end = (reason?: CombinedError): void => {
        if (!isOpen || isStopped) return;
        isOpen = false;
        if (reason && isOver(reason.graphQLErrors)) return setFailure(reason.message);
        timer = setTimeout(() => {
          stream.unsubscribe();
          begin();
        }, soon());
      };
      const stream = pipe(
        client.subscription(ChangesSubscription, { after }),
        onEnd(() => end()),
        // src/cache.ts has put the event's records into the cache by now, and new ones into the lists.
        subscribe(({ data, error }) => {
          if (data) after = data.changes.cursor;
          // urql does not take an answer that is no stream, such as 503, for the end.
          if (error) end(error);
        }),
      );
      stop = () => stream.unsubscribe();
    };
    begin();
    return () => {
      isStopped = true;
      clearTimeout(timer);
      stop();
    };
  }, [client, start]);

  if (error) return <p role="alert">{error.message}</p>;
  if (!data) return null;
  return (
    <>
      {failure && <p role="alert">No live updates: {failure}</p>}
      {children(data.tenant.name)}
    </>
  );
}
