import { useEffect, useState, type ReactNode } from "react";
import { graphql, requestSubscription, useLazyLoadQuery, useRelayEnvironment } from "react-relay";
import { isOver, soon } from "../../shared/live.ts";
import type { LiveQuery } from "./__generated__/LiveQuery.graphql.ts";
import type { LiveSubscription } from "./__generated__/LiveSubscription.graphql.ts";
import { addDeal, removeDeal } from "./dealCard.ts";
import { Refusal } from "./environment.ts";

const ChangesSubscription = graphql`
  subscription LiveSubscription($after: String) {
    changes(after: $after, types: [Account, Deal]) {
      cursor
      node {
        operation
        record {
          ...Accounts_account @alias(as: "account")
          ...dealCard_deal @alias(as: "deal")
        }
      }
    }
  }
`;

/** Follows the log from the moment that the page opens, so that every list that is read later stays current. */
export function Live({ children }: { children: (tenant: string) => ReactNode }) {
  const environment = useRelayEnvironment();
  const data = useLazyLoadQuery<LiveQuery>(
    graphql`
      query LiveQuery {
        tenant {
          name
        }
        changes(last: 1, types: [Account, Deal]) {
          pageInfo {
            endCursor
          }
        }
      }
    `,
    {},
  );
  const [failure, setFailure] = useState<string | null>(null);
  const start = data.changes?.pageInfo.endCursor;

  useEffect(() => {
    let after = start;
    let timer: ReturnType<typeof setTimeout>;
    let stop = (): void => undefined;
    const again = (error?: Error): void => {
      if (error instanceof Refusal && isOver(error.errors)) setFailure(error.message);
      else timer = setTimeout(begin, soon());
    };
    const begin = (): void => {
      const stream = requestSubscription<LiveSubscription>(environment, {
        subscription: ChangesSubscription,
        variables: { after },
        // The event's record is in the store by now. Lists hold what they were asked for.
        updater(store) {
          const event = store.getRootField("changes").getLinkedRecord("node");
          const record = event.getLinkedRecord("record");
          if (record?.getType() !== "Deal") return;
          const operation = event.getValue("operation");
          if (operation === "deleted") removeDeal(store, record);
          else if (operation !== "updated") addDeal(store, record);
        },
        onNext(event) {
          if (event) after = event.changes.cursor;
        },
        onError: again,
        onCompleted: again,
      });
      stop = () => stream.dispose();
    };
    begin();
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [environment, start]);

  return (
    <>
      {failure && <p role="alert">No live updates: {failure}</p>}
      {children(data.tenant.name)}
    </>
  );
}
