import { graphql, readInlineData } from "react-relay";
import { ConnectionHandler, type RecordProxy, type RecordSourceProxy } from "relay-runtime";
import type {
  dealCard_deal$data,
  dealCard_deal$key,
} from "./__generated__/dealCard_deal.graphql.ts";

export type DealCard = dealCard_deal$data;

/** What each list shows of a deal; the figures of its account come along whenever it is read, moved or changed. */
const fragment = graphql`
  fragment dealCard_deal on Deal @inline {
    id
    version
    name
    dealNumber
    stage
    value
    currency
    expectedCloseDate
    updatedBy
    account {
      id
      displayName
      ...Totals_account
    }
  }
`;

export const readDeal = (key: dealCard_deal$key): DealCard => readInlineData(fragment, key);

/** The lists that show a deal: the board's, and its account's. */
function listsOf(store: RecordSourceProxy, deal: RecordProxy): RecordProxy[] {
  const account = deal.getLinkedRecord("account");
  return [
    ConnectionHandler.getConnection(store.getRoot(), "Board_deals"),
    account && ConnectionHandler.getConnection(account, "AccountPage_deals"),
  ].filter((list) => list != null);
}

/** Puts a new deal first in the lists that show it. */
export function addDeal(store: RecordSourceProxy, deal: RecordProxy): void {
  for (const list of listsOf(store, deal)) {
    const edges = list.getLinkedRecords("edges") ?? [];
    if (edges.some((edge) => edge.getLinkedRecord("node") === deal)) continue;
    ConnectionHandler.insertEdgeBefore(
      list,
      ConnectionHandler.createEdge(store, list, deal, "DealEdge"),
    );
  }
}

/** Takes a deleted deal out of the lists that show it. */
export function removeDeal(store: RecordSourceProxy, deal: RecordProxy): void {
  for (const list of listsOf(store, deal)) ConnectionHandler.deleteNode(list, deal.getDataID());
}
