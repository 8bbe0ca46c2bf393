import type { RequestContext } from "../../gate/request-context.ts";
import type { GatewayPlugin } from "./server-context.ts";

/** Gives members for the `extensions` of an answer; null for none. */
export type Contributor = (context: RequestContext) => Readonly<Record<string, unknown>> | null;

/** Adds the contributors' members to the `extensions` of every answer, also of one that is printed from stored text. */
export function useExtensions(contributors: readonly Contributor[]): GatewayPlugin {
  return {
    onResultProcess({ result, setResult, serverContext: { requestContext } }) {
      if (Array.isArray(result) || Symbol.asyncIterator in result) return;
      const added = Object.assign(
        {},
        ...contributors.map((contribute) => contribute(requestContext)),
      );
      if (Object.keys(added).length === 0) return;
      const { stringify } = result;
      if (stringify === undefined) {
        setResult({ ...result, extensions: { ...result.extensions, ...added } });
      } else {
        setResult({ ...result, stringify: (printed) => extended(stringify(printed), added) });
      }
    },
  };
}

/** A printed answer with extensions added as its last member. It has none yet. */
function extended(body: string, extensions: object): string {
  return `${body.slice(0, body.lastIndexOf("}"))},"extensions":${JSON.stringify(extensions)}}`;
}
