import { getOperationAST, Kind, OperationTypeNode } from "graphql";
import type { GatewayPlugin } from "./server-context.ts";

/** A mutation goes on to its end when its client has gone: what it began is done whole, and its answer kept. */
export function useWholeMutations(): GatewayPlugin {
  return {
    onExecute({ args, context }) {
      const { work } = context.requestContext;
      const operation = getOperationAST(args.document, args.operationName);
      if (operation?.operation !== OperationTypeNode.MUTATION) return;
      work.writes = true;
      const { selections } = operation.selectionSet;
      // What a fragment holds is not looked at: it could be more than one.
      const isOne = selections.length === 1 && selections[0]?.kind === Kind.FIELD;
      work.mutations = isOne ? 1 : 2;
    },
  };
}
