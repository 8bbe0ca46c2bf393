import { useState } from "react";
import { graphql, useMutation } from "react-relay";
import { lost } from "../../shared/format.ts";
import type { Loss } from "../../shared/LossDialog.tsx";
import type { useMoveDealMutation } from "./__generated__/useMoveDealMutation.graphql.ts";
import { readDeal, type DealCard } from "./dealCard.ts";

/** A change that was refused, since somebody else had changed the deal: `yours` was not written, `current` is. */
export type Conflict = { yours: DealCard; current: DealCard; loss: Loss | undefined };

export function useMoveDeal() {
  const [commit] = useMutation<useMoveDealMutation>(graphql`
    mutation useMoveDealMutation(
      $id: ID!
      $stage: String!
      $version: Int!
      $lossCategory: String
      $lossReason: String
    ) {
      moveDeal(
        id: $id
        stage: $stage
        version: $version
        lossCategory: $lossCategory
        lossReason: $lossReason
      ) {
        deal {
          id
          ...dealCard_deal
        }
        userErrors {
          __typename
          code
          message
          ... on ConflictError {
            current {
              ...dealCard_deal @alias(as: "deal")
            }
          }
        }
      }
    }
  `);
  const [saving, setSaving] = useState<ReadonlySet<string>>(new Set());
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const [failure, setFailure] = useState("");
  /** The deal whose loss the person is asked about. */
  const [closing, setClosing] = useState<DealCard | null>(null);

  function move(deal: DealCard, stage: string, loss?: Loss): void {
    setClosing(stage === lost && loss === undefined ? deal : null);
    if (stage === lost && loss === undefined) return;
    const saved = () => setSaving((ids) => new Set([...ids].filter((id) => id !== deal.id)));
    setConflict(null);
    setFailure("");
    setSaving((ids) => new Set(ids).add(deal.id));
    commit({
      // The version that was read: a deal that has another one by now is not overwritten.
      variables: { id: deal.id, stage, version: deal.version, ...loss },
      // The card is in its column at once. Whatever the answer is, the store then has what the gateway says.
      optimisticUpdater: (store) => void store.get(deal.id)?.setValue(stage, "stage"),
      onCompleted({ moveDeal: { userErrors } }) {
        saved();
        const [refusal] = userErrors;
        if (refusal?.__typename === "ConflictError" && refusal.current?.deal) {
          setConflict({ yours: { ...deal, stage }, current: readDeal(refusal.current.deal), loss });
        } else setFailure(userErrors.map(({ message }) => message).join(" "));
      },
      onError(error) {
        saved();
        setFailure(error.message);
      },
    });
  }

  return { move, saving, closing, setClosing, conflict, setConflict, failure };
}
