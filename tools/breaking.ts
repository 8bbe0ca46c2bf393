import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { CriticalityLevel, diff } from "@graphql-inspector/core";
import { buildSchema, lexicographicSortSchema, parse, print, printSchema, visit } from "graphql";
import { restBreaks, restSurface } from "./rest-surface.ts";

/** What clients see: the GraphQL schema, and the facts of the REST APIs. */
export type Surface = { readonly graphql: string; readonly rest: readonly string[] };

const root = fileURLToPath(new URL("..", import.meta.url));
/** The surface of the last release. Files, since a clone may come without tags. */
const released = { graphql: "docs/released/schema.graphql", rest: "docs/released/rest.txt" };
const read = (file: string): Promise<string> => readFile(`${root}/${file}`, "utf8");

/** The surface of this clone. */
export async function currentSurface(): Promise<Surface> {
  return {
    graphql: withoutDescriptions(await read("schema.graphql")),
    rest: restSurface(JSON.parse(await read("client/openapi.json"))),
  };
}

export async function releasedSurface(): Promise<Surface> {
  const rest = await read(released.rest);
  return { graphql: await read(released.graphql), rest: rest.trimEnd().split("\n") };
}

function withoutDescriptions(sdl: string): string {
  const schema = lexicographicSortSchema(buildSchema(sdl));
  const bare = visit(parse(printSchema(schema)), {
    enter: (node) => ("description" in node ? { ...node, description: undefined } : undefined),
  });
  return `${print(bare)}\n`;
}

/** What may break clients of the one surface that meet the other. */
export async function findBreaks(before: Surface, after: Surface): Promise<string[]> {
  const changes = await diff(buildSchema(before.graphql), buildSchema(after.graphql));
  const broken = changes.filter(
    ({ criticality }) => criticality.level === CriticalityLevel.Breaking,
  );
  return [
    ...broken.map(({ path, message }) => `\`${path ?? "schema"}\`: ${message}`),
    ...restBreaks(before.rest, after.rest).map((line) => `\`${line}\``),
  ];
}

/** Those that the changelog does not name, each by its text in backticks, among the breaking changes of the next release. */
export function unannounced(breaks: readonly string[], changelog: string): string[] {
  const next = /^## \[Unreleased\]$(.*?)(?=^## \[|$(?![\s\S]))/ms.exec(changelog)?.[1] ?? "";
  const told = /^### Breaking$(.*?)(?=^### |$(?![\s\S]))/ms.exec(next)?.[1] ?? "";
  return breaks.filter((line) => !told.includes(/^`[^`]*`/.exec(line)?.[0] ?? line));
}

/** `npm run breaking` compares, `npm run breaking -- --release` makes this clone's surface the released one. */
async function main(): Promise<void> {
  const current = await currentSurface();
  if (process.argv.includes("--release")) {
    await writeFile(`${root}/${released.graphql}`, current.graphql);
    await writeFile(`${root}/${released.rest}`, `${current.rest.join("\n")}\n`);
    return;
  }
  const breaks = await findBreaks(await releasedSurface(), current);
  const silent = unannounced(breaks, await read("CHANGELOG.md"));
  for (const line of silent) process.stderr.write(`breaks clients: ${line}\n`);
  if (silent.length === 0) return;
  process.stderr.write("Take it back, or name it in CHANGELOG.md under Unreleased, Breaking.\n");
  process.exitCode = 1;
}

if (import.meta.main) await main();
