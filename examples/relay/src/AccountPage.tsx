import type { ReactNode } from "react";
import { graphql, useLazyLoadQuery } from "react-relay";
import { day, money, words } from "../../shared/format.ts";
import type { AccountPageQuery } from "./__generated__/AccountPageQuery.graphql.ts";
import { Activities } from "./Activities.tsx";
import { readDeal, type DealCard } from "./dealCard.ts";
import { Largest } from "./Largest.tsx";
import { NewDeal } from "./NewDeal.tsx";
import { Totals } from "./Totals.tsx";

export function AccountPage({ id }: { id: string }) {
  const { account } = useLazyLoadQuery<AccountPageQuery>(
    graphql`
      query AccountPageQuery($id: ID!) {
        account(id: $id) {
          id
          displayName
          industry
          lifecycleStage
          domain
          phone
          ...Totals_account
          ...Largest_account
          ...Activities_account
          deals(first: 20, orderBy: [{ updatedAt: desc }])
            @connection(key: "AccountPage_deals", filters: []) {
            edges {
              node {
                id
                ...dealCard_deal
              }
            }
          }
          quotes(first: 10) {
            nodes {
              id
              quoteNumber
              name
              status
              total
              currency
            }
          }
        }
      }
    `,
    { id },
  );
  if (!account) return <p role="alert">There is no such account.</p>;
  return (
    <>
      <div className="row">
        <h1>{account.displayName}</h1>
        {account.lifecycleStage && <span className="tag">{words(account.lifecycleStage)}</span>}
      </div>
      <dl className="facts">
        <Fact name="Industry">{account.industry ?? "–"}</Fact>
        <Fact name="Domain">{account.domain ?? "–"}</Fact>
        <Fact name="Phone">{account.phone ?? "–"}</Fact>
        <Fact name="Open deals">
          <Totals account={account} />
        </Fact>
        <Fact name="Largest open deal">
          <Largest account={account} />
        </Fact>
      </dl>
      <div className="columns">
        <div>
          <section className="sheet">
            <h2>Deals</h2>
            <ul className="list" aria-label="Deals">
              {account.deals.edges.map(({ node }) => (
                <Deal key={node.id} deal={readDeal(node)} />
              ))}
            </ul>
            <NewDeal accountId={id} />
          </section>
          <section className="sheet">
            <h2>Quotes</h2>
            <ul className="list" aria-label="Quotes">
              {account.quotes.nodes.map((quote) => (
                <li key={quote.id}>
                  <div>
                    {quote.name ?? quote.quoteNumber}
                    <small>{quote.quoteNumber}</small>
                  </div>
                  <div>
                    {money(quote.total, quote.currency)}{" "}
                    <span className="tag">{words(quote.status)}</span>
                  </div>
                </li>
              ))}
            </ul>
          </section>
        </div>
        <Activities account={account} />
      </div>
    </>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Deal({ deal }: { deal: DealCard }) {
  return (
    <li>
      <div>
        {deal.name ?? deal.dealNumber}
        <small>closes {day(deal.expectedCloseDate)}</small>
      </div>
      <div>
        {money(deal.value, deal.currency)} <span className="tag">{words(deal.stage)}</span>
      </div>
    </li>
  );
}
