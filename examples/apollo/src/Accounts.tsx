import { useQuery } from "@apollo/client/react";
import { useDeferredValue, useState } from "react";
import { money, words } from "../../shared/format.ts";
import { graphql } from "./gql/gql.ts";
import type { AccountRowFragment, AccountTotalsFragment } from "./gql/graphql.ts";
import { WhenSeen } from "../../shared/WhenSeen.tsx";

export const AccountTotals = graphql(`
  fragment AccountTotals on Account {
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
`);

export const AccountRow = graphql(`
  fragment AccountRow on Account {
    id
    displayName
    industry
    lifecycleStage
    ...AccountTotals
  }
`);

const AccountsQuery = graphql(`
  query Accounts($search: String, $after: String) {
    accounts(
      search: $search
      first: 20
      after: $after
      orderBy: [{ lastActivityAt: desc_nulls_last }]
    ) {
      totalCount
      edges {
        cursor
        node {
          id
          ...AccountRow
        }
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`);

export function Accounts() {
  const [typed, setTyped] = useState("");
  const search = useDeferredValue(typed.trim()) || null;
  const { data, previousData, error, fetchMore } = useQuery(AccountsQuery, {
    variables: { search },
  });
  // The list that was there stays until the next one has come.
  const accounts = (data ?? previousData)?.accounts;
  return (
    <>
      <div className="row">
        <h1>Accounts</h1>
        <input
          className="search"
          type="search"
          placeholder="Search accounts"
          aria-label="Search accounts"
          value={typed}
          onChange={({ target }) => setTyped(target.value)}
        />
        <small>{accounts && `${accounts.totalCount} accounts`}</small>
      </div>
      {error && <p role="alert">{error.message}</p>}
      {accounts && (
        <section className="sheet">
          <ul className="list" aria-label="Accounts">
            {accounts.edges.map(({ node }) => (
              <Row key={node.id} account={node} />
            ))}
          </ul>
          {accounts.pageInfo.hasNextPage && (
            <WhenSeen
              key={accounts.pageInfo.endCursor}
              onSeen={() => fetchMore({ variables: { after: accounts.pageInfo.endCursor } })}
            />
          )}
        </section>
      )}
    </>
  );
}

function Row({ account }: { account: AccountRowFragment }) {
  return (
    <li>
      <a href={`#/accounts/${account.id}`}>
        {account.displayName}
        <small>{account.industry ?? "–"}</small>
      </a>
      <div>
        <Totals account={account} />
        {account.lifecycleStage && <span className="tag">{words(account.lifecycleStage)}</span>}
      </div>
    </li>
  );
}

/** The open deals of an account, an amount for each currency: they are never added. */
export function Totals({ account: { openDeals } }: { account: AccountTotalsFragment }) {
  if (openDeals.count === 0) return <small>no open deals</small>;
  const amounts = openDeals.sum.value.map(({ currency, amount }) => money(amount, currency));
  return <small>{[`${openDeals.count} open`, ...amounts].join(" · ")}</small>;
}
