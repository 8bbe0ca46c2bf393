const [backspace, lineFeed, formFeed, carriageReturn, tab] = [8, 10, 12, 13, 9];
const shortEscapes: ReadonlySet<number> = new Set([
  backspace,
  lineFeed,
  formFeed,
  carriageReturn,
  tab,
]);
const [quote, backslash] = [34, 92];

/** How many bytes a value takes in a JSON text in UTF-8, as JSON.stringify prints it. */
export function jsonBytes(value: unknown): number {
  switch (typeof value) {
    case "string":
      return textBytes(value);
    case "number":
      return Number.isFinite(value) ? String(value).length : 4;
    case "boolean":
      return value ? 4 : 5;
    default:
      return value == null ? 4 : Buffer.byteLength(JSON.stringify(value) ?? "");
  }
}

function textBytes(text: string): number {
  let bytes = text.length + 2;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x20) bytes += shortEscapes.has(code) ? 1 : 5;
    else if (code < 0x80) bytes += code === quote || code === backslash ? 1 : 0;
    else if (code < 0x800) bytes += 1;
    else if (code < 0xd800 || code > 0xdfff) bytes += 2;
    else if (isPair(text, code, index)) {
      // Four bytes for two units.
      bytes += 2;
      index += 1;
    } else bytes += 5;
  }
  return bytes;
}

/** Whether a surrogate begins a pair; one alone is printed as an escape. */
function isPair(text: string, code: number, index: number): boolean {
  const next = text.charCodeAt(index + 1);
  return code < 0xdc00 && next >= 0xdc00 && next <= 0xdfff;
}
