import { cacheExchange } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import { addDeal, DealCard, removeDeal } from "./dealLists.ts";
import { possibleTypes, withoutId } from "./gql/crm.ts";
import type {
  ChangesSubscription,
  CreateDealMutation,
  MoveDealMutationVariables,
} from "./gql/graphql.ts";

export const cache = cacheExchange({
  // Tells the cache that `... on Deal` applies to `current: Node` and `... on ConflictError` to a UserError.
  possibleTypes,
  // Without the whole schema graphcache tries `... on Account` on a deal too, and warns that it lacks the fields.
  logger(severity, message) {
    if (!message.startsWith("Invalid undefined")) console[severity](message);
  },
  keys: {
    // Figures, pages and payloads have no id: they are kept inside what they were read from, and merged there.
    ...Object.fromEntries(withoutId.map((type) => [type, () => null])),
    // An edge that is put into a list needs a name of its own.
    DealEdge: ({ cursor }) => String(cursor),
  },
  resolvers: {
    // A list for each search, filter and order, of all pages that were read.
    Query: { accounts: relayPagination(), deals: relayPagination() },
    Account: { activities: relayPagination() },
  },
  optimistic: {
    // The card is in its column at once. Whatever the answer is, the cache then has what the gateway says.
    moveDeal({ id, stage }: MoveDealMutationVariables, cache) {
      const deal = cache.readFragment(DealCard, { __typename: "Deal", id });
      return {
        __typename: "MoveDealPayload",
        deal: { ...deal, stage },
        userErrors: [],
      };
    },
  },
  updates: {
    Mutation: {
      createDeal({ createDeal: { dealEdge } }: CreateDealMutation, _, cache) {
        if (dealEdge) addDeal(cache, dealEdge.cursor, dealEdge.node);
      },
    },
    Subscription: {
      changes({ changes: { cursor, node } }: ChangesSubscription, _, cache) {
        if (node.record?.__typename !== "Deal") return;
        if (node.operation === "deleted") removeDeal(cache, node.record);
        else if (node.operation !== "updated") addDeal(cache, cursor, node.record);
      },
    },
  },
});
