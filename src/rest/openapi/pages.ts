import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { RequestContext } from "../../gate/request-context.ts";
import {
  findHashed,
  hashedPath,
  sendFile,
  staticFile,
  type StaticFile,
} from "../../lib/static-files.ts";
import { sendAnswer } from "../answer.ts";
import { noSuchMethod, nothingServed } from "../error-answers.ts";
import { openApiDocument } from "./document.ts";

/** Where the document is. */
export const openApiPath = "/openapi.json";
/** Where the page is that shows it; its files lie below. */
export const docsPath = "/docs";

let document: StaticFile | null = null;

/** The OpenAPI document, for everybody. */
export async function answerOpenApi({ request, response }: RequestContext): Promise<void> {
  if (refuseMethod(request, response)) return;
  document ??= staticFile("json", JSON.stringify(openApiDocument()));
  await sendFile(request, response, document, "revalidated");
}

type Names = "app" | "style" | "start";
type DocsFiles = Readonly<Record<Names, StaticFile>>;

let loading: Promise<DocsFiles> | null = null;

/** 2 MB: loaded when somebody opens the page, not when the server starts. */
function loadFiles(): Promise<DocsFiles> {
  const of = (name: string) =>
    readFile(new URL(import.meta.resolve(`swagger-ui-dist/${name}`)), "utf8");
  loading ??= Promise.all([
    of("swagger-ui-bundle.js"),
    of("swagger-ui.css"),
    readFile(new URL("docs-start.js", import.meta.url), "utf8"),
  ]).then(([app, style, start]) => ({
    app: staticFile("js", app),
    style: staticFile("css", style),
    start: staticFile("js", start),
  }));
  return loading;
}

/** The page asks nobody but this server: the browser holds it to that, and shows it in no frame. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "connect-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The page that shows the document, or one of its files. The demo's key is filled in when there is one to give. */
export async function answerDocs(
  { request, response }: RequestContext,
  path: string,
  demoKey: string | null,
): Promise<void> {
  if (refuseMethod(request, response)) return;
  const files = await loadFiles();
  const folder = `${docsPath}/`;
  if (path === docsPath || path === folder) {
    response.writeHead(200, {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy,
      "cross-origin-opener-policy": "same-origin",
    });
    response.end(page((name) => hashedPath(folder, name, files[name]), demoKey));
    return;
  }
  const file = findHashed(files, folder, path);
  if (file === null) sendAnswer(response, nothingServed);
  else await sendFile(request, response, file, "immutable");
}

function page(urlOf: (name: Names) => string, demoKey: string | null): string {
  const settings = JSON.stringify({ url: openApiPath, key: demoKey });
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>crm-gateway: REST APIs</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="${urlOf("style")}" />
  </head>
  <body>
    <noscript>This page needs JavaScript; the document itself is at ${openApiPath}.</noscript>
    <div id="docs"></div>
    <script id="settings" type="application/json">${settings}</script>
    <script src="${urlOf("app")}"></script>
    <script src="${urlOf("start")}"></script>
  </body>
</html>
`;
}

/** Refuses what is no reading, and says so. */
function refuseMethod({ method }: IncomingMessage, response: ServerResponse): boolean {
  if (method === "GET" || method === "HEAD") return false;
  sendAnswer(response, noSuchMethod("GET, HEAD"));
  return true;
}
