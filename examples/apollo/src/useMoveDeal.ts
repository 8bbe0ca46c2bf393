import { useMutation } from "@apollo/client/react";
import { useState } from "react";
import { graphql } from "./gql/gql.ts";
import type { DealCardFragment } from "./gql/graphql.ts";

const MoveDeal = graphql(`
  mutation MoveDeal($id: ID!, $stage: String!, $version: Int!) {
    moveDeal(id: $id, stage: $stage, version: $version) {
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
export type Conflict = { yours: DealCardFragment; current: DealCardFragment };

export function useMoveDeal() {
  const [mutate] = useMutation(MoveDeal);
  const [saving, setSaving] = useState<ReadonlySet<string>>(new Set());
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const [failure, setFailure] = useState("");

  async function move(deal: DealCardFragment, stage: string): Promise<void> {
    setConflict(null);
    setFailure("");
    setSaving((ids) => new Set(ids).add(deal.id));
    try {
      const { data } = await mutate({
        // The version that was read: a deal that has another one by now is not overwritten.
        variables: { id: deal.id, stage, version: deal.version },
        // The card is in its column at once. Whatever the answer is, the cache then has what the gateway says.
        optimisticResponse: {
          __typename: "Mutation",
          moveDeal: { __typename: "MoveDealPayload", deal: { ...deal, stage }, userErrors: [] },
        },
      });
      const refusals = data?.moveDeal.userErrors ?? [];
      const [refusal] = refusals;
      if (refusal?.__typename === "ConflictError" && refusal.current?.__typename === "Deal") {
        setConflict({ yours: { ...deal, stage }, current: refusal.current });
      } else setFailure(refusals.map(({ message }) => message).join(" "));
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    } finally {
      setSaving((ids) => new Set([...ids].filter((id) => id !== deal.id)));
    }
  }

  return { move, saving, conflict, setConflict, failure };
}
