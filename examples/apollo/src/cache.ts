import { InMemoryCache } from "@apollo/client";
import { relayStylePagination } from "@apollo/client/utilities";
import { possibleTypes } from "./gql/crm.ts";

/** A list for each filter, search and order; `fetchMore` adds a page to it. It needs `edges`: `nodes` would be replaced. */
const pages = relayStylePagination(["search", "where", "orderBy", "includeDeleted"]);

export const cache = new InMemoryCache({
  // Tells the cache that `... on Deal` applies to `current: Node` and `... on ConflictError` to a UserError.
  possibleTypes,
  typePolicies: {
    Query: {
      fields: {
        accounts: pages,
        deals: pages,
        // The list has the account already: its page shows at once what is known, and asks for the rest.
        account: {
          read: (_, { args, toReference }) => toReference({ __typename: "Account", id: args?.id }),
        },
      },
    },
    Account: { fields: { deals: pages, quotes: pages, activities: pages } },
    // Figures have no id. Two components that ask for different ones of the same deals get both.
    DealAggregate: { merge: true },
    DealExtremes: { merge: true },
    DealNumbers: { merge: true },
  },
});
