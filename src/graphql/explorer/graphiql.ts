import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import type { RequestContext } from "../../gate/request-context.ts";
import { typeChooser } from "../../lib/accept.ts";
import {
  findHashed,
  hashedPath,
  sendFile,
  staticFile,
  type StaticFile,
} from "../../lib/static-files.ts";
import { sendWhole } from "../../limits/send-answer.ts";
import { exampleMutation, exampleQuery, exampleSubscription, exampleVariables } from "./example.ts";

const loopback = new Set(["localhost", "127.0.0.1", "[::1]", "::1"]);

/** Whether the name (of a host, as in URLs) stands for this machine alone. */
export function isLoopback(hostname: string): boolean {
  return loopback.has(hostname);
}

/** Where the explorer's own files lie; the page itself is at GraphQL's path. */
export const explorerPath = "/graphiql/";

const pageOrAnswer = typeChooser(["application/json", "text/html"]);

/** Whether a browser wants to see a page, rather than a program an answer. */
export function wantsPage({ method, headers }: IncomingMessage): boolean {
  return method === "GET" && pageOrAnswer(headers.accept) === "text/html";
}

/**
 * GraphiQL moves a tab that is pressed to the place it had before the tabs were laid out. The button is then let go
 * beside the tab, which is no click. Tabs can still be dragged into another order.
 */
const tabsThatStay = ".graphiql-tab { transform: none !important; }";
/** GraphiQL lets lines stand out of its editors, for the sake of hints: a long query made the page scroll into nothing. */
const pageThatStays = "#root { position: relative; overflow: clip; }";

type Names = "app" | "style" | "start" | "editorWorkerService" | "json" | "graphql";
type ExplorerFiles = Readonly<Record<Names, StaticFile>>;

let loading: Promise<ExplorerFiles> | null = null;

/** 9 MB: loaded when somebody opens the explorer, not when the server starts. */
function loadFiles(): Promise<ExplorerFiles> {
  loading ??= Promise.all([
    import("@graphql-yoga/render-graphiql/graphiql"),
    readFile(new URL("graphiql-start.js", import.meta.url), "utf8"),
  ]).then(([bundle, start]) => ({
    app: staticFile("js", bundle.js),
    style: staticFile("css", `${bundle.css}\n${tabsThatStay}\n${pageThatStays}\n`),
    start: staticFile("js", start),
    editorWorkerService: staticFile("js", bundle.editorWorkerService),
    json: staticFile("js", bundle.jsonWorker),
    graphql: staticFile("js", bundle.graphqlWorker),
  }));
  return loading;
}

const urlOf = (name: Names, file: StaticFile): string => hashedPath(explorerPath, name, file);

/** GraphiQL asks nobody but this server: the browser holds it to that, and shows it in no frame. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src data:",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const permissions = ["camera", "display-capture", "geolocation", "microphone", "payment", "usb"]
  .map((feature) => `${feature}=()`)
  .join(", ");

/** The page that GraphiQL runs in. The demo's key is filled in when there is one to give. */
export async function answerExplorer(
  context: RequestContext,
  demoKey: string | null,
): Promise<void> {
  const files = await loadFiles();
  const workers = {
    editorWorkerService: urlOf("editorWorkerService", files.editorWorkerService),
    json: urlOf("json", files.json),
    graphql: urlOf("graphql", files.graphql),
  };
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policy,
    // No page that opened it holds on to it, and it asks for nothing of the machine but the clipboard.
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": permissions,
  };
  const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>crm-gateway</title>
    <link rel="icon" href="data:image/svg+xml,${encodeURIComponent(logo)}" />
    <link rel="stylesheet" href="${urlOf("style", files.style)}" />
  </head>
  <body class="no-focus-outline">
    <noscript>GraphiQL needs JavaScript.</noscript>
    <div id="root"></div>
    <script id="settings" type="application/json">${embedded({ workers, options: options(demoKey) })}</script>
    <script src="${urlOf("app", files.app)}"></script>
    <script src="${urlOf("start", files.start)}"></script>
  </body>
</html>
`;
  await sendWhole(context, { status: 200, headers }, page);
}

/** What GraphiQL opens with. */
function options(demoKey: string | null): object {
  const hint =
    "# Put your API key into Headers below, then press\n# Ctrl-Shift-R to load the schema.\n";
  const headers = JSON.stringify({ "x-api-key": demoKey ?? "" }, null, 2);
  const variables = JSON.stringify(exampleVariables, null, 2);
  return {
    title: "crm-gateway",
    logo: `<span style="width: 28px; height: 28px">${logo}</span>`,
    defaultTabs: [
      { query: demoKey === null ? hint + exampleQuery : exampleQuery, headers },
      { query: exampleMutation, variables, headers },
      { query: exampleSubscription, headers },
    ],
    // Of tabs that are opened later.
    defaultQuery: "",
    headers,
    // The demo's key comes anew with every page; one that is kept would outlive the demo's database.
    shouldPersistHeaders: demoKey === null,
    // A key that is missing is typed there; with the demo's key, the mutation's variables are worth more room.
    defaultEditorToolsVisibility: demoKey === null ? "headers" : "variables",
  };
}

const logo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><g stroke="#d60690" stroke-width="2"><path d="M16 6 6 24h20z" fill="none"/><g fill="#fff"><circle cx="16" cy="6" r="4"/><circle cx="6" cy="24" r="4"/><circle cx="26" cy="24" r="4"/></g></g></svg>`;

/** JSON for the inside of a script element, which must not end it. */
function embedded(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

/** One of the explorer's files. Its name changes with its content, so a browser asks for it once. */
export async function answerExplorerFile(
  { request, response }: RequestContext,
  path: string,
): Promise<void> {
  const file = findHashed(await loadFiles(), explorerPath, path);
  if (file === null) {
    response.writeHead(404).end();
    return;
  }
  // A worker lives by the policy of its own file; the page's is enough for the rest.
  response.removeHeader("content-security-policy");
  await sendFile(request, response, file, "immutable");
}
