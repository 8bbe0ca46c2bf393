import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Delimiter, Encoding } from "../../src/imports/read/types.ts";
import { readFile } from "../../src/imports/read/read-file.ts";
import { isLong } from "../support/run/run-length.ts";
import { readAll, refusalOf } from "./reading.ts";
import { heldBytes } from "../support/run/collect.ts";

const megabyte = 1024 * 1024;
const piece = (text: string) => Buffer.from(text.repeat(64 * 1024).slice(0, 64 * 1024));
/** The full size is for the long form: the bound is the same. */
const gigabyte = isLong ? 1024 : 8;

/** A stream of a gigabyte, and how much of it was taken. */
function endless(start: string, text: string) {
  const taken = { bytes: 0 };
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(start);
    const part = piece(text);
    for (let sent = 0; sent < gigabyte * megabyte; sent += part.length) {
      taken.bytes += part.length;
      yield part;
    }
  }
  return { taken, bytes: bytes() };
}

describe("what is found out of a file", () => {
  it.each([
    ["a;b\n1,5;x\n", ";"],
    ["a\tb\n1,5\tx\n", "\t"],
    ["a|b\n1|2\n", "|"],
    ["a,b\n1,2\n", ","],
    ['"a,x";"b,y"\n1;2\n', ";"],
    ["a\nx\n", ","],
  ] as const)("the delimiter of %j", async (text, delimiter) => {
    const { found, rows } = await readAll(text);
    expect(found).toEqual({ format: "csv", encoding: "utf-8", delimiter });
    expect(rows).toHaveLength(1);
  });

  it("Excel's line that names it", async () => {
    const { header, rows, found } = await readAll("\ufeffsep=;\r\nName;Ort\r\nA, B;C\r\n");
    expect(found.delimiter).toBe(";");
    expect(header).toEqual(["Name", "Ort"]);
    expect(rows).toEqual([{ number: 2, cells: { Name: "A, B", Ort: "C" } }]);
  });

  it.each([
    ["utf-8", Buffer.from("n\nMüller €\n"), "utf-8"],
    ["utf-8 with a mark", Buffer.from("\ufeffn\nMüller €\n"), "utf-8"],
    ["utf-16le", Buffer.from("n\nMüller €\n", "utf16le"), "utf-16le"],
    ["utf-16be with a mark", Buffer.from("\ufeffn\nMüller €\n", "utf16le").swap16(), "utf-16be"],
    ["windows-1252", Buffer.from("6e0a4dfc6c6c657220800a", "hex"), "windows-1252"],
  ] as const)("the encoding %s", async (_name, bytes, encoding) => {
    const { rows, found } = await readAll(bytes);
    expect(found.encoding).toBe(encoding);
    expect(rows).toEqual([{ number: 2, cells: { n: "Müller €" } }]);
  });

  it.each([
    ["shift_jis", "8e8196bc2c93738e730a8e5293632c938c8b9e0a", "氏名,都市\n山田,東京", true],
    ["euc-jp", "bbe1ccbe2cc5d4bbd40abbb3c5c42cc5ecb5fe0a", "氏名,都市\n山田,東京", true],
    ["gb18030", "d0d5c3fb2cb3c7cad00acdf5ceb02cb1b1bea90a", "姓名,城市\n王伟,北京", true],
    ["big5", "a96da6572cabb0a5ab0aa4fdb0b62ca578a55f0a", "姓名,城市\n王偉,台北", true],
    ["euc-kr", "c0ccb8a72cb5b5bdc30ab1e8b9cec1d82cbcadbfef0a", "이름,도시\n김민준,서울", true],
    ["koi8-r", "c9cdd12cc7cfd2cfc40ae9d7c1ce2cedcfd3cbd7c10a", "имя,город\nИван,Москва", true],
    [
      "windows-1251",
      "e8ecff2ce3eef0eee40ac8e2e0ed2ccceef1eae2e00a",
      "имя,город\nИван,Москва",
      true,
    ],
    ["iso-2022-jp", "611b2442467c1b28420a1b2442467c1b28420a", "a日\n日", true],
    // These are like Western text: nothing tells them apart.
    [
      "windows-1250",
      "6a6de96e6f2c6dec73746f0a4a69f8ed2c8eefe1720a",
      "jméno,město\nJiří,Žďár",
      false,
    ],
    ["iso-8859-2", "6a6de96e6f2c6dec73746f0a4a69f8ed2caeefe1720a", "jméno,město\nJiří,Žďár", false],
  ] as const)(
    "%s, which is read as told, and not taken for another",
    async (encoding, hex, text, isTold) => {
      const bytes = Buffer.from(hex, "hex");
      const single = (async function* () {
        for (const byte of bytes) yield Uint8Array.of(byte);
      })();
      const { header, rows, found } = await readAll(single, { encoding });
      expect(found.encoding).toBe(encoding);
      const lines = [header, ...rows.map(({ cells }) => Object.values(cells))];
      expect(lines.map((line) => line.join(",")).join("\n")).toBe(text);
      if (!isTold) return;
      const refusal = await refusalOf(bytes);
      expect(refusal?.code).toBe("WRONG_ENCODING");
      expect(refusal?.message).toContain(`encoding=${encoding}`);
    },
  );

  it("Windows-1252 is named, too, where it can be what is unlike it", async () => {
    const letters = Buffer.from("n\nÄÖÜäöüß\n", "latin1");
    expect((await refusalOf(letters))?.message).toContain("or encoding=windows-1252.");
    const { rows } = await readAll(letters, { encoding: "windows-1252" });
    expect(rows[0]?.cells["n"]).toBe("ÄÖÜäöüß");
    // With a byte that it does not have.
    const japanese = Buffer.from("6e0a8e8196bc2c93738e730a", "hex");
    expect((await refusalOf(japanese))?.message).not.toContain("encoding=windows-1252");
  });

  it.each(["a,b\r\n1,2\r\n", "a,b\n1,2", "a,b\r1,2\r", "a,b,\n1,2,\n", "\n\na,b\n1,2\n\n"])(
    "line breaks of %j",
    async (text) => {
      const { rows } = await readAll(text);
      expect(rows.map(({ cells }) => cells)).toEqual([{ a: "1", b: "2" }]);
    },
  );

  it("numbers rows as a spreadsheet does, and names equal columns apart", async () => {
    const { header, rows } = await readAll('n,n\n\n"a\nb",1\n,\nc,2\n');
    expect(header).toEqual(["n", "n (2)"]);
    expect(rows.map(({ number }) => number)).toEqual([3, 5]);
  });

  it("JSON Lines and lists, with all digits", async () => {
    const lines = '{"a":1,"b":[true,null]}\n\n{"a":12345678901234567890,"c":"x"}\n';
    const list = '[{"a":1,"b":[true,null]},\n {"a":12345678901234567890,"c":"}]\\""}]';
    const [first, second] = [await readAll(lines), await readAll(list)];
    expect(first.header).toEqual(["a", "b", "c"]);
    expect(first.rows.map(({ number }) => number)).toEqual([1, 3]);
    expect(second.rows.map(({ number }) => number)).toEqual([1, 2]);
    expect(JSON.stringify(first.rows[1])).toContain("12345678901234567890");
    expect(second.rows[1]?.cells["c"]).toBe('}]"');
  });

  it("JSON Lines that come in many pieces", async () => {
    const texts = [1_900_000, 1, 16_384, 300_000].map((length) => "x".repeat(length));
    const lines = texts.map((a) => JSON.stringify({ a })).join("\n");
    for (const text of [lines, `${lines}\n`, lines.replaceAll("\n", "\r\n\n")]) {
      const { rows } = await readAll(text);
      expect(rows.map(({ cells }) => cells["a"])).toEqual(texts);
    }
    const numbers = (await readAll(lines.replaceAll("\n", "\n\n"))).rows.map(
      ({ number }) => number,
    );
    expect(numbers).toEqual([1, 3, 5, 7]);
  });

  it("exports of ours: their records of one type, and whether they were cut", async () => {
    const line = (type: string, name: string) => `{"type":"${type}","record":{"name":"${name}"}}\n`;
    const start = '{"_start":{"position":"1","rows":{}}}\n';
    const all = `${start}${line("Account", "a")}${line("Deal", "d")}{"_end":{"rows":2}}\n`;
    const { rows } = await readAll(all, { type: "Deal" });
    expect(rows.map(({ cells }) => cells)).toEqual([{ name: "d" }]);
    const cut = all.replace(line("Account", "a"), "");
    expect(await refusalOf(cut, { type: "Deal" })).toMatchObject({ code: "CUT_FILE" });
    const noEnd = `${start}${line("Deal", "d")}`;
    expect(await refusalOf(noEnd)).toMatchObject({ code: "CUT_FILE" });
  });
});

describe("hostile files", () => {
  it.each([
    ["letters", "a,b\n", "x", "ROW_TOO_LONG", 2],
    ["letters from the start", "", "x", "ROW_TOO_LONG", 1],
    ["commas", "a,b\n", ",", "ROW_TOO_LONG", 2],
    ["quotes", "", '"', "ROW_TOO_LONG", 1],
    ["quotes never closed", 'a,b\n"', "x,\n", "ROW_TOO_LONG", 2],
    ["a text of JSON", '[{"a":"', "x", "ROW_TOO_LONG", 1],
    ["JSON Lines without an end", '{"a":"', "x", "ROW_TOO_LONG", 1],
    ["brackets", '[{"a":', "[", "ROW_TOO_LONG", 1],
  ])("a gigabyte of %s: little of it is read", async (_name, start, text, code, line) => {
    const { taken, bytes } = endless(start, text);
    expect(await refusalOf(bytes)).toMatchObject({ code, line });
    expect(taken.bytes).toBeLessThan(3 * megabyte);
  });

  it("a gigabyte of rows in flat memory", async () => {
    const { bytes } = endless(
      "email,first,last,note\n",
      `anna@example.com,Anna,M,${"n".repeat(75)}\n`,
    );
    const { rows } = await readFile(bytes);
    let [count, most] = [0, 0];
    const start = heldBytes();
    for await (const row of rows) {
      count += Number(row.cells["last"] !== "");
      if (count % (gigabyte * 1_000) === 0) most = Math.max(most, heldBytes() - start);
    }
    expect(count).toBeGreaterThan(gigabyte * 10_000);
    expect(most).toBeLessThan(100 * megabyte);
  });

  it.each([
    ["an empty file", "", "EMPTY_FILE", null, "no rows"],
    ["a header only", "a,b\n", "EMPTY_FILE", null, "no rows"],
    ["empty lines", "\n".repeat(isLong ? 2_000_000 : 100_000), "EMPTY_FILE", null, "no rows"],
    ["an empty list", "[]", "EMPTY_FILE", null, "no rows"],
    ["only quotes", '"'.repeat(1_001), "QUOTE_NOT_CLOSED", 1, "never closed"],
    ["an open quote", 'a,b\n1,2\n3,"x\n4,5\n', "QUOTE_NOT_CLOSED", 3, "column 2"],
    ["a text behind a quote", 'a,b\n"x"y,2\n', "STRAY_QUOTE", 2, "column 1"],
    ["a quote in a text", 'a,b\n5" pipe,2\n', "STRAY_QUOTE", 2, "double"],
    ["NUL", "a,b\n1,2\n3,\u00004\n", "NUL_CHARACTER", 3, "NUL"],
    ["10,000 columns", `${"a,".repeat(9_999)}b\n1\n`, "TOO_MANY_COLUMNS", 1, "10,000"],
    ["a row of 2 MB", `a,b\n1,${"x".repeat(2 * megabyte + 1)}\n`, "ROW_TOO_LONG", 2, "2 MB"],
    ["a name of __proto__", "a,__proto__\n1,2\n", "BAD_HEADER", 1, "__proto__"],
    ["a key __proto__", '[{"__proto__":1}]', "BAD_JSON", 1, "__proto__"],
    ["no names", "anna@example.com,Anna\nbo@example.com,Bo\n", "BAD_HEADER", 1, "put a row"],
    ["a cell without a name", "a,,b\n1,,2\n1,x,2\n", "BAD_HEADER", 3, "column 2"],
    ["deep JSON", `[{"a":${"[".repeat(9_999)}${"]".repeat(9_999)}}]`, "BAD_JSON", 1, "deep"],
    ["a key twice", '[{"a":1},\n{"b":{"c":1,"c":2}}]', "BAD_JSON", 2, '"c" stands twice'],
    ["an escaped key twice", '{"a":1,"\\u0061":2}', "BAD_JSON", 1, "twice"],
    ["an escaped NUL", '{"a":1}\n{"a":{"b":["\\u0000"]}}', "NUL_CHARACTER", 2, "remove it"],
    ["half of a character in a key", '{"\\ud800":1}', "NUL_CHARACTER", 1, "remove it"],
    ["a cut list", '[{"a":1},', "BAD_JSON", 1, "not closed"],
    ["a list of texts", '["a"]', "BAD_JSON", 1, "list of objects"],
    ["a line that is no JSON", '{"a":1}\n{"a":\n', "BAD_JSON", 2, "not JSON"],
  ])("%s", async (_name, text, code, line, words) => {
    const refusal = await refusalOf(text);
    expect(refusal).toMatchObject({ code, line });
    expect(refusal?.message).toContain(words);
  });

  it.each([
    ["zip or xlsx", "504b030414000600"],
    ["old Excel", "d0cf11e0a1b11ae1"],
    ["gzip", "1f8b080000000000"],
    ["PDF", "255044462d312e37"],
  ])("%s", async (_name, start) => {
    const bytes = Buffer.concat([Buffer.from(start, "hex"), Buffer.alloc(1_000, 7)]);
    expect(await refusalOf(bytes)).toMatchObject({ code: "WRONG_FORMAT", line: null });
  });

  it("mixed encodings, near and far from the beginning, are told with their line", async () => {
    const mixed = Buffer.concat([
      Buffer.from("n\nMüller\n"),
      Buffer.from("M\u00fcller\n", "latin1"),
    ]);
    expect(await refusalOf(mixed)).toMatchObject({ code: "WRONG_ENCODING", line: 3 });
    const far = Buffer.concat([
      Buffer.from(`n\n${"abc\n".repeat(50_000)}`),
      Buffer.from([0xfc, 10]),
    ]);
    expect(await refusalOf(far)).toMatchObject({ code: "WRONG_ENCODING", line: 50_002 });
    const undefinedByte = Buffer.from([110, 10, 0xfc, 0x81, 10]);
    expect(await refusalOf(undefinedByte)).toMatchObject({ code: "WRONG_ENCODING", line: 2 });
    // Bytes that are no character, and a character that is cut off: an error, and no replacement.
    for (const [encoding, hex] of [
      ["shift_jis", "6e0a8e520a8eff0a"],
      ["shift_jis", "6e0a8e520a8e"],
      ["shift_jis", "6e0a8e520a1c0a"],
      ["euc-jp", "6e0abbb30a930a"],
      ["big5", "6e0aa4fd0aff0a"],
      ["gb18030", "6e0acdf50a8130"],
      ["euc-kr", "6e0ab1e80a810a"],
      ["windows-1251", "6e0ac80a980a"],
      ["windows-1253", "6e0ac80aaa0a"],
      ["iso-8859-2", "6e0ac80a850a"],
    ] as const) {
      expect(await refusalOf(Buffer.from(hex, "hex"), { encoding })).toMatchObject({
        code: "WRONG_ENCODING",
        line: 3,
      });
    }
    // Pieces that begin, and one that ends, in the middle of a character.
    for (const [encoding, word] of [
      ["utf-8", "e697a5"],
      ["shift_jis", "93fa"],
    ] as const) {
      const [cell, lines] = [Buffer.from(word.repeat(7), "hex"), 3_000];
      const row = Buffer.concat([cell, Buffer.from("\n")]);
      const good = Buffer.concat([Buffer.from("n\n"), ...Array.from({ length: lines }, () => row)]);
      const broken = Buffer.concat([good, cell.subarray(0, -1), Buffer.from("\n"), good]);
      const atBorder = Buffer.alloc(16 * 1_024, "a\n");
      const first = Buffer.from(word, "hex").subarray(0, 1);
      first.copy(atBorder, atBorder.length - 1);
      const cut = Buffer.concat([atBorder, Buffer.from("\n"), good]);
      expect(await refusalOf(broken, { encoding })).toMatchObject({ line: lines + 2 });
      expect(await refusalOf(cut, { encoding })).toMatchObject({ line: 8_192 });
    }
    const wrong = { encoding: "utf-8" } as const;
    expect(await refusalOf(Buffer.from("n\nM\u00fc\n", "latin1"), wrong)).toMatchObject({
      line: 2,
    });
    const told = await readAll(Buffer.from("n\nM\u00fc\n", "latin1"), { encoding: "windows-1252" });
    expect(told.rows[0]?.cells["n"]).toBe("Mü");
  });
});

it("reads what was written, in any dialect", async () => {
  const cell = fc.string({
    unit: fc.constantFrom("a", " ", ",", ";", "|", '"', "=", "-", "1", "ä", "\t", "\n", "\r\n"),
  });
  const dialect = fc.record({
    delimiter: fc.constantFrom<Delimiter>(",", ";", "\t", "|"),
    lineBreak: fc.constantFrom("\n", "\r\n", "\r"),
    encoding: fc.constantFrom<Encoding>("utf-8", "utf-16le", "utf-16be", "windows-1252"),
    hasMark: fc.boolean(),
    quotesAll: fc.boolean(),
    rows: fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 }),
    size: fc.integer({ min: 1, max: 50 }),
  });
  await fc.assert(
    fc.asyncProperty(dialect, async (one) => {
      const { delimiter, lineBreak, encoding, hasMark, quotesAll, size } = one;
      const rows = one.rows.filter((cells) => cells.some((text) => text.trim() !== ""));
      fc.pre(rows.length > 0);
      const quoted = (text: string) =>
        quotesAll || /["\r\n]/.test(text) || text.includes(delimiter)
          ? `"${text.replaceAll('"', '""')}"`
          : text;
      const lines = [["x", "y", "z"], ...rows].map((cells) => cells.map(quoted).join(delimiter));
      const mark = hasMark && encoding !== "windows-1252" ? "\ufeff" : "";
      const bytes = encoded(`${mark}${lines.join(lineBreak)}`, encoding);
      const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      );
      const read = await readAll(
        (async function* () {
          yield* parts;
        })(),
        { encoding, delimiter },
      );
      expect(read.rows.map(({ cells }) => [cells["x"], cells["y"], cells["z"]])).toEqual(rows);
    }),
    { numRuns: isLong ? 2_000 : 50 },
  );
});

function encoded(text: string, encoding: Encoding): Buffer {
  if (encoding === "windows-1252") return Buffer.from(text, "latin1");
  if (encoding === "utf-8") return Buffer.from(text);
  const bytes = Buffer.from(text, "utf16le");
  return encoding === "utf-16le" ? bytes : bytes.swap16();
}
