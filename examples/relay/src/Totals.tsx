import { graphql, useFragment } from "react-relay";
import { money } from "../../shared/format.ts";
import type { Totals_account$key } from "./__generated__/Totals_account.graphql.ts";

/** The open deals of an account, an amount for each currency: they are never added. */
export function Totals({ account }: { account: Totals_account$key }) {
  const { openDeals } = useFragment(
    graphql`
      fragment Totals_account on Account {
        openDeals: dealsAggregate(where: { stage: { notIn: ["closed_won", "closed_lost"] } }) {
          count
          sum {
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
  if (openDeals.count === 0) return <small>no open deals</small>;
  const amounts = openDeals.sum.value.map(({ currency, amount }) => money(amount, currency));
  return <small>{[`${openDeals.count} open`, ...amounts].join(" · ")}</small>;
}
