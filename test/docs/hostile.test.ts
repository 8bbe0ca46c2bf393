import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";

const root = new URL("../../", import.meta.url);
const read = (file: string): Promise<string> => readFile(new URL(file, root), "utf8");

/** Whether a test file has a test, a group or a case of that name, as it stands in its source. */
const hasName = (source: string, name: string): boolean =>
  ['"', "'", "`"].some((quote) => source.includes(quote + name + quote));

it("every row of docs/hostile.md names a test that exists", async () => {
  const rows = (await read("docs/hostile.md"))
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| sent"))
    .map((line) => line.split(" | ").at(-1)?.replace(/ \|$/, "") ?? "");
  expect(rows.length).toBeGreaterThanOrEqual(70);
  const missing: string[] = [];
  for (const row of rows) {
    const [, file = "", name = ""] = /^([\w/-]+): (.+)$/.exec(row) ?? [];
    const source = await read(`test/${file}.test.ts`).catch(() => "");
    if (name === "" || !hasName(source, name)) missing.push(row);
  }
  expect(missing).toEqual([]);
});
