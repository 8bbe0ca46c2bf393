import type { Transform } from "node:stream";
import { promisify } from "node:util";
import zlib from "node:zlib";
import { codingChooser } from "./accept.ts";

const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT, ZSTD_c_compressionLevel } = zlib.constants;
const asBrotli = promisify(zlib.brotliCompress);
const asGzip = promisify(zlib.gzip);

/** How whole content can be compressed; the first takes less time for the same size. */
type Coding = "br" | "gzip";

/** The coding of whole content for an Accept-Encoding header; null if it stays plain. */
export const codingOf = codingChooser<Coding>(["br", "gzip"]);

/** Compresses what is sent once, beside the event loop and at the levels that are worth their time (docs/decisions.md). */
export function compress(bytes: Buffer, coding: Coding): Promise<Buffer> {
  if (coding === "gzip") return asGzip(bytes, { level: 3 });
  const params = { [BROTLI_PARAM_QUALITY]: 1, [BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return asBrotli(bytes, { params });
}

type StreamCoding = "zstd" | Coding;

/** Node has zstd since 22.15. */
const hasZstd = typeof zlib.createZstdCompress === "function";

/** The coding of a stream for an Accept-Encoding header; null if it stays plain. The first takes least time. */
export const streamCodingOf = codingChooser<StreamCoding>([
  ...(hasZstd ? ["zstd" as const] : []),
  "br",
  "gzip",
]);

/** Compresses a stream, beside the event loop and at the levels that take least time. */
export function compressor(coding: StreamCoding): Transform {
  const chunkSize = 262_144;
  if (coding === "gzip") return zlib.createGzip({ level: 1, memLevel: 9, chunkSize });
  if (coding === "br") {
    return zlib.createBrotliCompress({ params: { [BROTLI_PARAM_QUALITY]: 1 }, chunkSize });
  }
  return zlib.createZstdCompress({ params: { [ZSTD_c_compressionLevel]: 1 }, chunkSize });
}
