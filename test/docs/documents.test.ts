import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { createProgram } from "../../src/cli/program.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const documents = [
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "client/README.md",
  "examples/README.md",
  ...globSync("docs/*.md", { cwd: root }),
];
const textOf = (file: string): string => readFileSync(join(root, file), "utf8");
const withoutFences = (text: string): string => text.replace(/^```.*?^```/gms, "");

/** The anchors of a document's headings, as GitHub makes them. */
function anchors(file: string): string[] {
  const headings = withoutFences(textOf(file)).matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

/** Links of a document that lead to no file, or to no heading of it. */
function brokenLinks(file: string): string[] {
  const links = withoutFences(textOf(file)).matchAll(/\]\(([^)\s]+)\)/g);
  return [...links]
    .map(([, link = ""]) => link)
    .filter((link) => {
      if (/^https?:/.test(link)) return false;
      const [path = "", anchor = ""] = link.split("#");
      const target = path === "" ? file : normalize(join(dirname(file), path));
      if (!existsSync(join(root, target))) return true;
      return anchor !== "" && target.endsWith(".md") && !anchors(target).includes(anchor);
    });
}

it.each(documents)("the links of %s lead to files and headings", (file) => {
  expect(brokenLinks(file)).toEqual([]);
});

/** The commands of `crm` in a document's blocks: a line each, without a comment and what the shell takes. */
function commands(text: string): string[] {
  const lines = text.replaceAll("\\\n", " ").split("\n");
  return lines.flatMap((line) => {
    const command =
      /^ *(?:npm run (?:--silent )?crm --|crm|docker compose run --rm gateway) (.*)$/.exec(line);
    return command?.[1] === undefined ? [] : [command[1].replace(/ +(?:#|>).*$/, "")];
  });
}

/** Words as a shell reads them, with quotes of one kind. */
const words = (line: string): string[] =>
  [...line.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ""));

/** Has nothing run: arguments and options are read, and the first that is wrong is an error. */
function readOnly(command: Command): Command {
  command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
  if (command.commands.length === 0) command.action(() => {});
  for (const part of command.commands) readOnly(part);
  return command;
}

describe("the commands of crm in the documents can be typed as they are", () => {
  const shown = documents.flatMap((file) =>
    commands(textOf(file)).map((line) => ({ file, line: line.replaceAll("key-…", "key-1") })),
  );

  it("are found", () => expect(shown.length).toBeGreaterThan(20));

  it.each(shown.filter(({ line }) => line !== "--help"))("$file: crm $line", async ({ line }) => {
    const read = readOnly(createProgram()).parseAsync(words(line), { from: "user" });
    await expect(read).resolves.toBeDefined();
  });

  it("and a wrong one is noticed", async () => {
    const wrong = readOnly(createProgram()).parseAsync(["doctor", "--nonsense"], { from: "user" });
    await expect(wrong).rejects.toThrow("unknown option '--nonsense'");
  });
});
