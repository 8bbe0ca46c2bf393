import { useState } from "react";
import { useMutation } from "urql";
import { lost } from "../../shared/format.ts";
import type { Loss } from "../../shared/LossDialog.tsx";
import { graphql } from "./gql/gql.ts";
import type { DealCardFragment } from "./gql/graphql.ts";

const MoveDeal = graphql(`
  mutation MoveDeal(
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
        ...DealCard
      }
      userErrors {
        code
        message
        ... on ConflictError {
          current {
            id
            ...DealCard
          }
        }
      }
    }
  }
`);

/** A change that was refused, since somebody else had changed the deal: `yours` was not written, `current` is. */
export type Conflict = {
  yours: DealCardFragment;
  current: DealCardFragment;
  loss: Loss | undefined;
};

export function useMoveDeal() {
  const [, mutate] = useMutation(MoveDeal);
  const [saving, setSaving] = useState<ReadonlySet<string>>(new Set());
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const [failure, setFailure] = useState("");
  /** The deal whose loss the person is asked about. */
  const [closing, setClosing] = useState<DealCardFragment | null>(null);

  async function move(deal: DealCardFragment, stage: string, loss?: Loss): Promise<void> {
    setClosing(stage === lost && loss === undefined ? deal : null);
    if (stage === lost && loss === undefined) return;
    setConflict(null);
    setFailure("");
    setSaving((ids) => new Set(ids).add(deal.id));
    // The version that was read: a deal that has another one by now is not overwritten.
    const { data, error } = await mutate({ id: deal.id, stage, version: deal.version, ...loss });
    setSaving((ids) => new Set([...ids].filter((id) => id !== deal.id)));
    const refusals = data?.moveDeal.userErrors ?? [];
    const [refusal] = refusals;
    if (refusal?.__typename === "ConflictError" && refusal.current?.__typename === "Deal") {
      setConflict({ yours: { ...deal, stage }, current: refusal.current, loss });
    } else setFailure(error?.message ?? refusals.map(({ message }) => message).join(" "));
  }

  return { move, saving, closing, setClosing, conflict, setConflict, failure };
}
