import { graphql, useFragment } from "react-relay";
import { money } from "../../shared/format.ts";
import type { Largest_account$key } from "./__generated__/Largest_account.graphql.ts";

/** Another figure of the deals that Totals counts: both are parts of one record in the store. */
export function Largest({ account }: { account: Largest_account$key }) {
  const { openDeals } = useFragment(
    graphql`
      fragment Largest_account on Account {
        openDeals: dealsAggregate(where: { stage: { notIn: ["closed_won", "closed_lost"] } }) {
          max {
            value {
              currency
              amount
            }
          }
        }
      }
    `,
    account,
  );
  const amounts = openDeals.max.value.map(({ currency, amount }) => money(amount, currency));
  return <small>{amounts.length === 0 ? "–" : amounts.join(" · ")}</small>;
}
