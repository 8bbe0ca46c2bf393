import { describe, expect, it } from "vitest";
import { readFile } from "../../src/imports/read/read-file.ts";

async function* bytesOf(...parts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === "string" ? Buffer.from(part) : part;
}

async function all(...parts: readonly (string | Uint8Array)[]) {
  const { header, rows, found } = await readFile(bytesOf(...parts));
  const read = [];
  for await (const row of rows) read.push(row);
  return { header, rows: read, found };
}

describe("CSV", () => {
  it("finds out its delimiter and its encoding", async () => {
    const { rows, found } = await all(Buffer.from("Name;Ort\nMüller;Köln, links\n", "latin1"));
    expect(found).toEqual({ format: "csv", encoding: "windows-1252", delimiter: ";" });
    expect(rows).toEqual([{ number: 2, cells: { Name: "Müller", Ort: "Köln, links" } }]);
  });
});
