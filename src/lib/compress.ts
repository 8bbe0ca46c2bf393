import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Coding } from "./accept.ts";

const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = constants;
const asBrotli = promisify(brotliCompress);
const asGzip = promisify(gzip);

/** Compresses what is sent once, beside the event loop and at the levels that are worth their time (docs/decisions.md). */
export function compress(bytes: Buffer, coding: Coding): Promise<Buffer> {
  if (coding === "gzip") return asGzip(bytes, { level: 3 });
  const params = { [BROTLI_PARAM_QUALITY]: 1, [BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return asBrotli(bytes, { params });
}
