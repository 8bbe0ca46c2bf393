import { getOperationAST, OperationTypeNode } from "graphql";
import type { Plugin } from "graphql-yoga";
import { currentWork } from "../../db/work.ts";

/** A mutation goes on to its end when its client has gone: what it began is done whole, and its answer kept. */
export function useWholeMutations(): Plugin {
  return {
    onExecute({ args }) {
      const work = currentWork();
      const operation = getOperationAST(args.document, args.operationName);
      if (work !== undefined) work.writes = operation?.operation === OperationTypeNode.MUTATION;
    },
  };
}
