import { useState } from "react";
import { graphql, useLazyLoadQuery, usePaginationFragment } from "react-relay";
import { lost, money, stages, words } from "../../shared/format.ts";
import { ConflictDialog } from "../../shared/ConflictDialog.tsx";
import type { BoardPageQuery } from "./__generated__/BoardPageQuery.graphql.ts";
import type { BoardQuery } from "./__generated__/BoardQuery.graphql.ts";
import type { Board_query$key } from "./__generated__/Board_query.graphql.ts";
import { readDeal, type DealCard } from "./dealCard.ts";
import { LossDialog } from "../../shared/LossDialog.tsx";
import { useMoveDeal } from "./useMoveDeal.ts";

export function Board() {
  const query = useLazyLoadQuery<BoardQuery>(
    graphql`
      query BoardQuery {
        ...Board_query
      }
    `,
    {},
  );
  const { data, loadNext, hasNext } = usePaginationFragment<BoardPageQuery, Board_query$key>(
    graphql`
      fragment Board_query on Query
      @argumentDefinitions(first: { type: "Int", defaultValue: 60 }, after: { type: "String" })
      @refetchable(queryName: "BoardPageQuery") {
        deals(first: $first, after: $after, orderBy: [{ updatedAt: desc }])
          @connection(key: "Board_deals", filters: []) {
          totalCount
          edges {
            node {
              ...dealCard_deal
            }
          }
        }
      }
    `,
    query,
  );
  const { move, saving, closing, setClosing, conflict, setConflict, failure } = useMoveDeal();
  if (!data.deals) return <p role="alert">The deals could not be read.</p>;
  const { edges, totalCount } = data.deals;
  const deals = edges.map(({ node }) => readDeal(node));
  return (
    <>
      <div className="row">
        <h1>Board</h1>
        <small>
          {deals.length} of {totalCount} deals
        </small>
        {hasNext && <button onClick={() => loadNext(60)}>More deals</button>}
      </div>
      <p role="alert">{failure}</p>
      <div className="board">
        {stages.map((stage) => (
          <Column
            key={stage}
            stage={stage}
            deals={deals.filter((deal) => deal.stage === stage)}
            saving={saving}
            onDrop={(id) => {
              const deal = deals.find((deal) => deal.id === id);
              if (deal && deal.stage !== stage) move(deal, stage);
            }}
            onMove={(deal, to) => move(deal, to)}
          />
        ))}
      </div>
      {closing && (
        <LossDialog
          deal={closing}
          onCancel={() => setClosing(null)}
          onMove={(loss) => move(closing, lost, loss)}
        />
      )}
      {conflict && (
        <ConflictDialog
          conflict={conflict}
          onKeep={() => setConflict(null)}
          onOverwrite={() => move(conflict.current, conflict.yours.stage, conflict.loss)}
        />
      )}
    </>
  );
}

type ColumnProps = {
  stage: string;
  deals: DealCard[];
  saving: ReadonlySet<string>;
  onDrop: (id: string) => void;
  onMove: (deal: DealCard, stage: string) => void;
};

function Column({ stage, deals, saving, onDrop, onMove }: ColumnProps) {
  const [isOver, setOver] = useState(false);
  return (
    <section
      className={isOver ? "column over" : "column"}
      aria-label={words(stage)}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false);
        onDrop(event.dataTransfer.getData("text/plain"));
      }}
    >
      <h2>
        {words(stage)} <small>{deals.length}</small>
      </h2>
      {deals.map((deal) => (
        <Card key={deal.id} deal={deal} isSaving={saving.has(deal.id)} onMove={onMove} />
      ))}
    </section>
  );
}

type CardProps = {
  deal: DealCard;
  isSaving: boolean;
  onMove: (deal: DealCard, stage: string) => void;
};

function Card({ deal, isSaving, onMove }: CardProps) {
  return (
    <article
      className="card"
      aria-label={deal.name ?? deal.dealNumber}
      aria-busy={isSaving}
      draggable={!isSaving}
      onDragStart={({ dataTransfer }) => dataTransfer.setData("text/plain", deal.id)}
    >
      <span>{deal.name ?? deal.dealNumber}</span>
      <small>{deal.account?.displayName}</small>
      <strong>{money(deal.value, deal.currency)}</strong>
      <select
        aria-label="Stage"
        value={deal.stage}
        disabled={isSaving}
        onChange={({ target }) => onMove(deal, target.value)}
      >
        {stages.map((stage) => (
          <option key={stage} value={stage}>
            {words(stage)}
          </option>
        ))}
      </select>
    </article>
  );
}
