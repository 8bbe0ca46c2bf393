import { Suspense, useDeferredValue, useState } from "react";
import { graphql, useFragment, useLazyLoadQuery, usePaginationFragment } from "react-relay";
import { words } from "../../shared/format.ts";
import type { AccountsPageQuery } from "./__generated__/AccountsPageQuery.graphql.ts";
import type { AccountsQuery } from "./__generated__/AccountsQuery.graphql.ts";
import type { Accounts_account$key } from "./__generated__/Accounts_account.graphql.ts";
import type { Accounts_query$key } from "./__generated__/Accounts_query.graphql.ts";
import { Totals } from "./Totals.tsx";
import { WhenSeen } from "../../shared/WhenSeen.tsx";

export function Accounts() {
  const [typed, setTyped] = useState("");
  // The list that is there stays until the next one has come.
  const search = useDeferredValue(typed.trim()) || null;
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
      </div>
      <Suspense fallback={<p className="soft">Loading…</p>}>
        <List search={search} />
      </Suspense>
    </>
  );
}

function List({ search }: { search: string | null }) {
  const query = useLazyLoadQuery<AccountsQuery>(
    graphql`
      query AccountsQuery($search: String) {
        ...Accounts_query @arguments(search: $search)
      }
    `,
    { search },
  );
  const { data, loadNext, hasNext } = usePaginationFragment<AccountsPageQuery, Accounts_query$key>(
    graphql`
      fragment Accounts_query on Query
      @argumentDefinitions(
        search: { type: "String" }
        first: { type: "Int", defaultValue: 20 }
        after: { type: "String" }
      )
      @refetchable(queryName: "AccountsPageQuery") {
        accounts(
          search: $search
          first: $first
          after: $after
          orderBy: [{ lastActivityAt: desc_nulls_last }]
        ) @connection(key: "Accounts_accounts") {
          totalCount
          edges {
            node {
              id
              ...Accounts_account
            }
          }
        }
      }
    `,
    query,
  );
  if (!data.accounts) return <p role="alert">The accounts could not be read.</p>;
  const { edges, totalCount } = data.accounts;
  return (
    <>
      <small>{totalCount} accounts</small>
      <section className="sheet">
        <ul className="list" aria-label="Accounts">
          {edges.map(({ node }) => (
            <Row key={node.id} account={node} />
          ))}
        </ul>
        {hasNext && <WhenSeen key={edges.length} onSeen={() => loadNext(20)} />}
      </section>
    </>
  );
}

function Row({ account }: { account: Accounts_account$key }) {
  const { id, displayName, industry, lifecycleStage, ...figures } = useFragment(
    graphql`
      fragment Accounts_account on Account {
        id
        displayName
        industry
        lifecycleStage
        ...Totals_account
      }
    `,
    account,
  );
  return (
    <li>
      <a href={`#/accounts/${id}`}>
        {displayName}
        <small>{industry ?? "–"}</small>
      </a>
      <div>
        <Totals account={figures} />
        {lifecycleStage && <span className="tag">{words(lifecycleStage)}</span>}
      </div>
    </li>
  );
}
