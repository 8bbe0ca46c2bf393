import { CombinedGraphQLErrors } from "@apollo/client";
import { useApolloClient, useQuery } from "@apollo/client/react";
import { useEffect, useState, type ReactNode } from "react";
import { isOver, soon } from "../../shared/live.ts";
import { graphql } from "./gql/gql.ts";
import { addDeal, removeDeal } from "./dealLists.ts";

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
  const client = useApolloClient();
  const { data, error } = useQuery(StartQuery);
  const [failure, setFailure] = useState<string | null>(null);
  const start = data?.changes?.pageInfo.endCursor;

  useEffect(() => {
    if (start === undefined) return;
    let after = start;
    let timer: ReturnType<typeof setTimeout>;
    let stop = (): void => undefined;
    const begin = (): void => {
      let reason: unknown;
      const again = (error: unknown = reason): void => {
        if (CombinedGraphQLErrors.is(error) && isOver(error.errors)) setFailure(error.message);
        else timer = setTimeout(begin, soon());
      };
      const stream = client
        .subscribe({ query: ChangesSubscription, variables: { after } })
        .subscribe({
          next({ data, error }) {
            reason = error;
            if (!data) return;
            // The records of the event are in the cache by now. Lists are not: they hold what they were asked for.
            const { cursor, node } = data.changes;
            after = cursor;
            if (node.operation === "deleted") removeDeal(client.cache, node.recordId);
            else if (node.operation !== "updated" && node.record?.__typename === "Deal") {
              addDeal(client.cache, cursor, node.record);
            }
          },
          error: again,
          complete: again,
        });
      stop = () => stream.unsubscribe();
    };
    begin();
    return () => {
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
