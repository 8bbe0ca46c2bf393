import { useState } from "react";
import { useQuery } from "urql";
import { lost, money, stages, words } from "../../shared/format.ts";
import { ConflictDialog } from "../../shared/ConflictDialog.tsx";
import { graphql } from "./gql/gql.ts";
import type { DealCardFragment } from "./gql/graphql.ts";
import { LossDialog } from "../../shared/LossDialog.tsx";
import { useMoveDeal } from "./useMoveDeal.ts";

const BoardQuery = graphql(`
  query Board($after: String) {
    deals(first: 60, after: $after, orderBy: [{ updatedAt: desc }]) {
      totalCount
      edges {
        cursor
        node {
          id
          ...DealCard
        }
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`);

export function Board() {
  const [after, setAfter] = useState<string | null>(null);
  const [{ data, error }] = useQuery({ query: BoardQuery, variables: { after } });
  const { move, saving, closing, setClosing, conflict, setConflict, failure } = useMoveDeal();
  if (error) return <p role="alert">{error.message}</p>;
  if (!data?.deals) return <p className="soft">Loading…</p>;
  const { edges, pageInfo, totalCount } = data.deals;
  const deals = edges.map(({ node }) => node);
  return (
    <>
      <div className="row">
        <h1>Board</h1>
        <small>
          {deals.length} of {totalCount} deals
        </small>
        {pageInfo.hasNextPage && (
          <button onClick={() => setAfter(pageInfo.endCursor)}>More deals</button>
        )}
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
              if (deal && deal.stage !== stage) void move(deal, stage);
            }}
            onMove={(deal, to) => void move(deal, to)}
          />
        ))}
      </div>
      {closing && (
        <LossDialog
          deal={closing}
          onCancel={() => setClosing(null)}
          onMove={(loss) => void move(closing, lost, loss)}
        />
      )}
      {conflict && (
        <ConflictDialog
          conflict={conflict}
          onKeep={() => setConflict(null)}
          onOverwrite={() => void move(conflict.current, conflict.yours.stage, conflict.loss)}
        />
      )}
    </>
  );
}

type ColumnProps = {
  stage: string;
  deals: DealCardFragment[];
  saving: ReadonlySet<string>;
  onDrop: (id: string) => void;
  onMove: (deal: DealCardFragment, stage: string) => void;
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
  deal: DealCardFragment;
  isSaving: boolean;
  onMove: (deal: DealCardFragment, stage: string) => void;
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
