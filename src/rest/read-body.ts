import type { IncomingMessage } from "node:http";
import {
  checkJsonHeaders,
  parseBoundedJson,
  readJsonText,
  RefusedRequest,
} from "../limits/json-body.ts";
import { isRecord } from "../lib/json.ts";
import type { Values } from "../write/input.ts";

/**
 * The JSON object in a request's body. Numbers in it are exact, however many digits they have.
 *
 * @throws RefusedRequest 400, 413, 415
 */
export async function readBody(request: Request, incoming: IncomingMessage): Promise<Values> {
  checkJsonHeaders(request.headers, ["application/json"]);
<<<<<<< HEAD
  const text = await readJsonText(readBytes(incoming));
  const body = parseBoundedJson(text, "The body is not valid JSON.");
  if (!isRecord(body)) throw new RefusedRequest(400, "The body must be a JSON object.");
  return { ...body };
}

async function readBytes(incoming: IncomingMessage): Promise<Buffer> {
  if (Number(incoming.headers["content-length"] ?? 0) > maxBodyBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maxBodyBytes) throw tooLarge();
    }
  } catch (error) {
    throw error instanceof RefusedRequest
      ? error
      : new RefusedRequest(400, "The body ends too early.");
  }
  return Buffer.concat(chunks);
}

function tooLarge(): RefusedRequest {
  return new RefusedRequest(
    413,
    `The body has more than ${maxBodyBytes.toLocaleString("en")} bytes; send less at once.`,
=======
  const text = await readJsonText(incoming);
  // Only so many digits, and not those of a text, can be more than a number of JavaScript's holds.
  const isLong = /[[:,]\s{0,100}-?[\d.]{16}/.test(text);
  const body = parseBoundedJson(
    text,
    "The body is not valid JSON.",
    isLong ? keepDigits : undefined,
  );
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new RefusedRequest(400, "The body must be a JSON object.");
  }
  return isLong ? settled({ ...body }, definition) : { ...body };
}

/** A number as it was written, where JavaScript's is not the same. */
class LongNumber {
  readonly source: string;
  readonly value: number;

  constructor(source: string, value: number) {
    this.source = source;
    this.value = value;
  }
}

/** Digits that any number of JavaScript's keeps. */
const safeDigits = 15;

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || context?.source === undefined) return value;
  const { source } = context;
  return source.replaceAll(/[-.]/g, "").length > safeDigits ? new LongNumber(source, value) : value;
}

/** Decimals as text, exactly as they were written; any other number as JavaScript has it. */
function settled(body: Values, { fields }: InputDefinition): Values {
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [
      name,
      settledAs(Object.hasOwn(fields, name) ? fields[name]?.type : undefined, value),
    ]),
  );
}

function settledAs(type: InputType | undefined, value: unknown): unknown {
  if (value instanceof LongNumber) {
    const isDecimal = type !== undefined && "scalar" in type && type.scalar === "Decimal";
    return isDecimal ? withoutExponent(value.source) : value.value;
  }
  if (Array.isArray(value)) {
    const item = type !== undefined && "listOf" in type ? type.listOf : undefined;
    return value.map((one) => settledAs(item, one));
  }
  if (typeof value !== "object" || value === null) return value;
  if (type !== undefined && "input" in type) return settled({ ...value }, type.input);
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, settledAs(undefined, inner)]),
>>>>>>> 53b5afe (Bound unread answers, end connections well, and count minutes by clocks that cannot be put back)
  );
}
