import type { GraphiQLOptions } from "graphql-yoga";
import { exampleQuery } from "./example.ts";

const loopback = new Set(["localhost", "127.0.0.1", "[::1]", "::1"]);

/** Whether the name (of a host, as in URLs) stands for this machine alone. */
export function isLoopback(hostname: string): boolean {
  return loopback.has(hostname);
}

/** What the explorer opens with. The demo's key is filled in only for a browser on this machine. */
export function explorerOptions(demoKey: string | null): GraphiQLOptions {
  return {
    title: "crm-gateway",
    defaultQuery: exampleQuery,
    headers: JSON.stringify({ "x-api-key": demoKey ?? "" }, null, 2),
    shouldPersistHeaders: demoKey === null,
    defaultEditorToolsVisibility: "headers",
  };
}

let page: Promise<(options?: GraphiQLOptions) => BodyInit> | null = null;

/** The explorer as one page with everything in it, so that no other host is asked for anything. */
export async function renderExplorer(options: GraphiQLOptions): Promise<BodyInit> {
  // 9 MB of script: loaded when somebody opens the explorer, not when the server starts.
  page ??= import("@graphql-yoga/render-graphiql").then(({ renderGraphiQL }) => renderGraphiQL);
  return (await page)(options);
}
