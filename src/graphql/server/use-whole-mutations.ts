import { getOperationAST, Kind, OperationTypeNode, type OperationDefinitionNode } from "graphql";
import type { Work } from "../../db/work.ts";
import type { GatewayPlugin } from "./server-context.ts";

/** Has a mutation run to its end after its client has gone, so that it is complete and its answer is stored. */
export function useWholeMutations(): GatewayPlugin {
  return {
    onExecute({ args, context }) {
      const operation = getOperationAST(args.document, args.operationName);
      if (operation != null) beginWriting(context.requestContext.work, operation);
    },
  };
}

/** Marks a request's work as writing, before its mutation runs. */
export function beginWriting(
  work: Work,
  { operation, selectionSet: { selections } }: OperationDefinitionNode,
): void {
  if (operation !== OperationTypeNode.MUTATION) return;
  work.writes = true;
  // A fragment counts as several fields.
  const isOne = selections.length === 1 && selections[0]?.kind === Kind.FIELD;
  work.mutations = isOne ? 1 : 2;
}
