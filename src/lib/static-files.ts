import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { codingChooser } from "./accept.ts";

/** A file that is the same for everybody who asks. */
export type StaticFile = { readonly type: string; readonly plain: Buffer; readonly hash: string };

const types = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  graphql: "application/graphql; charset=utf-8",
  json: "application/json; charset=utf-8",
} as const;

/** Makes one of its content. */
export function staticFile(kind: keyof typeof types, content: string | Buffer): StaticFile {
  const plain = Buffer.from(content);
  const hash = createHash("sha256").update(plain).digest("hex").slice(0, 16);
  return { type: types[kind], plain, hash };
}

/** The path of a file whose name changes with its content. */
export function hashedPath(folder: string, name: string, { hash }: StaticFile): string {
  return `${folder}${name}-${hash}`;
}

/** The file at such a path; null when there is none of that name and content. */
export function findHashed(
  files: Readonly<Record<string, StaticFile>>,
  folder: string,
  path: string,
): StaticFile | null {
  const [name = "", hash] = path.slice(folder.length).split("-");
  const file = Object.hasOwn(files, name) ? files[name] : undefined;
  return file?.hash === hash && file !== undefined ? file : null;
}

/** Kept for good, as its path changes with its content; or asked for again each time, and sent again only if it is another. */
type Caching = "immutable" | "revalidated";

const compress = promisify(gzip);
const acceptsGzip = codingChooser(["gzip"]);
const compressed = new WeakMap<StaticFile, Promise<Buffer>>();

/** Sends a file, compressed for those who can read that. */
export async function sendFile(
  { headers }: IncomingMessage,
  response: ServerResponse,
  file: StaticFile,
  caching: Caching,
): Promise<void> {
  const etag = `W/"${file.hash}"`;
  response.setHeader(
    "vary",
    [response.getHeader("vary") ?? [], "accept-encoding"].flat().map(String),
  );
  response.setHeader("etag", etag);
  response.setHeader(
    "cache-control",
    caching === "immutable" ? "public, max-age=31536000, immutable" : "public, no-cache",
  );
  if (headers["if-none-match"]?.split(",").some((one) => one.trim() === etag) === true) {
    response.writeHead(304).end();
    return;
  }
  const small = acceptsGzip([headers["accept-encoding"] ?? []].flat().join()) !== null;
  let body = file.plain;
  if (small) {
    const once = compressed.get(file) ?? compress(file.plain);
    compressed.set(file, once);
    body = await once;
  }
  response.writeHead(200, {
    "content-type": file.type,
    "content-length": body.length,
    ...(small ? { "content-encoding": "gzip" } : {}),
  });
  response.end(body);
}
