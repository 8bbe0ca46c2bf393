import type { Cache } from "@urql/exchange-graphcache";
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

const NewEdge = graphql(`
  fragment NewEdge on DealEdge {
    cursor
    node {
      id
    }
  }
`);

/** Puts a new deal first in the lists that show it: the board's, and its account's. */
export function addDeal(cache: Cache, cursor: string, deal: DealCardFragment): void {
  const edge = {
    __typename: "DealEdge" as const,
    cursor,
    node: { __typename: deal.__typename, id: deal.id },
  };
  cache.writeFragment(NewEdge, edge);
  changeLists(cache, deal, (edges, isFirstPage) =>
    isFirstPage ? [cache.keyOfEntity(edge), ...edges] : edges,
  );
}

/** Takes a deleted deal out of the lists that show it. */
export function removeDeal(cache: Cache, deal: DealCardFragment): void {
  changeLists(cache, deal, (edges) => edges);
}

/** Changes the edges of each page of deals, which first lose the one of this deal. */
function changeLists(
  cache: Cache,
  deal: DealCardFragment,
  change: (edges: (string | null)[], isFirstPage: boolean) => (string | null)[],
): void {
  const key = cache.keyOfEntity(deal);
  for (const parent of ["Query", deal.account && cache.keyOfEntity(deal.account)]) {
    const pages = cache.inspectFields(parent).filter(({ fieldName }) => fieldName === "deals");
    for (const { fieldKey, arguments: args } of pages) {
      const page = cache.resolve(parent, fieldKey);
      const edges = cache.resolve(page as string, "edges") as string[];
      const others = edges.filter((edge) => cache.resolve(edge, "node") !== key);
      cache.link(page as string, "edges", change(others, args?.after == null));
    }
  }
}
