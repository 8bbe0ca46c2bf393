import { promisify } from "node:util";
import { constants, gunzip, gzip } from "node:zlib";
import { z } from "zod";
import { parseJson } from "../../lib/exact-number.ts";
import type { FileRow } from "../read/types.ts";

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** The most that a chunk may be; staged texts are at most so long. */
const maxBytes = 64_000_000;
const rowsSchema = z.array(z.tuple([z.int(), z.record(z.string(), z.unknown())]));

/** Rows as they are kept until they are written. */
export async function packRows(texts: readonly string[]): Promise<Buffer> {
  return await compress(`[${texts.join(",")}]`, { level: constants.Z_BEST_SPEED });
}

/** A row for `packRows`. */
export const packRow = ({ number, cells }: FileRow): string => JSON.stringify([number, cells]);

/** The rows again, as the file said them. */
export async function unpackRows(body: Uint8Array): Promise<FileRow[]> {
  const text = (await decompress(body, { maxOutputLength: maxBytes })).toString("utf8");
  return rowsSchema.parse(parseJson(text)).map(([number, cells]) => ({ number, cells }));
}
