import type { ApolloCache, Reference } from "@apollo/client";
import type { Modifiers } from "@apollo/client/cache";
import { graphql } from "./gql/gql.ts";
import type { DealCardFragment } from "./gql/graphql.ts";

/** What each list shows of a deal; the figures of its account come along whenever it is read, moved or changed. */
export const DealCard = graphql(`
  fragment DealCard on Deal {
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
      ...AccountTotals
    }
  }
`);

/** Records with a list of deals, as relayStylePagination keeps it. */
type WithDeals = {
  deals: { edges: { __typename: "DealEdge"; cursor: string; node: Reference }[] };
};

/** Puts a new deal first in the lists that show it: the board's, and its account's. */
export function addDeal(cache: ApolloCache, cursor: string, deal: DealCardFragment): void {
  const fields: Modifiers<WithDeals> = {
    deals(list, { isReference, toReference }) {
      const node = toReference(deal);
      if (isReference(list) || !list.edges || !node) return list;
      if (list.edges.some((edge) => edge.node?.__ref === node.__ref)) return list;
      return { ...list, edges: [{ __typename: "DealEdge", cursor, node }, ...list.edges] };
    },
  };
  cache.modify({ fields });
  if (deal.account) cache.modify({ id: cache.identify(deal.account), fields });
}

/** Takes a deleted deal out of all lists: relayStylePagination passes over what is no longer there. */
export function removeDeal(cache: ApolloCache, id: string): void {
  cache.evict({ id: cache.identify({ __typename: "Deal", id }) });
  cache.gc();
}
