import { useQuery } from "urql";
import { money } from "../../shared/format.ts";
import { graphql } from "./gql/gql.ts";

// The same figures as AccountTotals asks for, and one more: the cache merges the two.
const LargestQuery = graphql(`
  query Largest($id: ID!) {
    account(id: $id) {
      id
      openDeals: dealsAggregate(where: { stage: { notIn: ["closed_won", "closed_lost"] } }) {
        max {
          value {
            currency
            amount
          }
        }
      }
    }
  }
`);

export function Largest({ accountId }: { accountId: string }) {
  const [{ data }] = useQuery({ query: LargestQuery, variables: { id: accountId } });
  const amounts = data?.account?.openDeals.max.value ?? [];
  if (amounts.length === 0) return <small>–</small>;
  return (
    <small>{amounts.map(({ currency, amount }) => money(amount, currency)).join(" · ")}</small>
  );
}
