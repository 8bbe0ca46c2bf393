import { useState, type ReactNode } from "react";
import { useQuery } from "urql";
import { day, money, words } from "../../shared/format.ts";
import { Totals } from "./Accounts.tsx";
import { graphql } from "./gql/gql.ts";
import type { AccountQuery as Data } from "./gql/graphql.ts";
import { Largest } from "./Largest.tsx";
import { NewDeal } from "./NewDeal.tsx";

const AccountQuery = graphql(`
  query Account($id: ID!, $activitiesAfter: String) {
    account(id: $id) {
      id
      domain
      phone
      ...AccountRow
      deals(first: 20, orderBy: [{ updatedAt: desc }]) {
        edges {
          cursor
          node {
            id
            ...DealCard
          }
        }
      }
      quotes(first: 10) {
        edges {
          cursor
          node {
            id
            quoteNumber
            name
            status
            total
            currency
          }
        }
      }
      activities(first: 10, after: $activitiesAfter) {
        edges {
          cursor
          node {
            id
            type
            subject
            occurredAt
          }
        }
        pageInfo {
          endCursor
          hasNextPage
        }
      }
    }
  }
`);

export function AccountPage({ id }: { id: string }) {
  const [activitiesAfter, setAfter] = useState<string | null>(null);
  const [{ data, error }] = useQuery({ query: AccountQuery, variables: { id, activitiesAfter } });
  if (error) return <p role="alert">{error.message}</p>;
  if (!data) return <p className="soft">Loading…</p>;
  const { account } = data;
  if (!account) return <p role="alert">There is no such account.</p>;
  const { pageInfo } = account.activities;
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
          <Largest accountId={id} />
        </Fact>
      </dl>
      <div className="columns">
        <div>
          <section className="sheet">
            <h2>Deals</h2>
            <ul className="list" aria-label="Deals">
              {account.deals.edges.map(({ node }) => (
                <Deal key={node.id} deal={node} />
              ))}
            </ul>
            <NewDeal accountId={id} />
          </section>
          <section className="sheet">
            <h2>Quotes</h2>
            <ul className="list" aria-label="Quotes">
              {account.quotes.edges.map(({ node }) => (
                <Quote key={node.id} quote={node} />
              ))}
            </ul>
          </section>
        </div>
        <section className="sheet">
          <h2>Activities</h2>
          <ul className="list" aria-label="Activities">
            {account.activities.edges.map(({ node }) => (
              <li key={node.id}>
                <div>
                  {node.subject ?? words(node.type)}
                  <small>{words(node.type)}</small>
                </div>
                <small>{day(node.occurredAt)}</small>
              </li>
            ))}
          </ul>
          {pageInfo.hasNextPage && (
            <button className="more" onClick={() => setAfter(pageInfo.endCursor)}>
              More activities
            </button>
          )}
        </section>
      </div>
    </>
  );
}

type Account = NonNullable<Data["account"]>;

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Deal({ deal }: { deal: Account["deals"]["edges"][number]["node"] }) {
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

function Quote({ quote }: { quote: Account["quotes"]["edges"][number]["node"] }) {
  return (
    <li>
      <div>
        {quote.name ?? quote.quoteNumber}
        <small>{quote.quoteNumber}</small>
      </div>
      <div>
        {money(quote.total, quote.currency)} <span className="tag">{words(quote.status)}</span>
      </div>
    </li>
  );
}
