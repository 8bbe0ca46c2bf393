import { z } from "zod";
import { StartupError } from "../../lib/startup-error.ts";
import { catalog } from "../../modules/catalog.ts";
import { readingCost, weights } from "../../limits/weights.ts";
import { sentMembers } from "../../query/projection.ts";
import { invalid, issueOf, Refused } from "../error-answers.ts";
import type { Resource } from "../face.ts";
import { patternsOf, readListQuery, sorts } from "../list-query.ts";
import { exportedLists as lists } from "./operations.ts";
import { csvHeader, csvLines, jsonLines } from "./print.ts";
import { readExportQuery } from "./request.ts";
import type { Counted, Part } from "./snapshot.ts";

/** What is sent: its parts, what stands in front of them and behind them, and what it is called. */
export type Export = {
  readonly parts: readonly Part[];
  readonly cost: number;
  readonly type: string;
  readonly file: string;
  readonly start: (position: string, parts: readonly Counted[]) => string;
  readonly end: (position: string, rows: number) => string;
};

/** One list, as its query asks. @throws Refused with all that is wrong with that */
export const exportOf =
  (resource: Resource) =>
  (query: URLSearchParams): Export => {
    const { list, projection, format, isRaw } = readExportQuery(resource, query);
    const searched = query.has("q") ? 2 * weights.search.root : 0;
    const file = resource.path.split("/").at(-1) ?? "export";
    const shared = {
      cost:
        weights.count.root +
        searched +
        readingCost(patternsOf(resource, query), sorts(resource, query), "root"),
      file: `${file}.${format}`,
    };
    const { members, sql: columns } = sentMembers(projection, catalog);
    return format === "csv"
      ? {
          ...shared,
          parts: [{ request: list, columns, print: csvLines(members, isRaw) }],
          type: "text/csv; charset=utf-8; header=present",
          start: () => csvHeader(members),
          end: () => "",
        }
      : {
          ...shared,
          parts: [{ request: list, columns, print: jsonLines(members) }],
          type: "application/x-ndjson; charset=utf-8",
          start: () => "",
          end: lastLine,
        };
  };

/** All kinds of records, each line with its kind. @throws Refused */
export function allOf(query: URLSearchParams): Export {
  const asked = onlyDeleted(query);
  const parts = lists.map(({ resource }): Part => {
    const type = JSON.stringify(resource.noun);
    const { members, sql: columns } = sentMembers(resource.projection, catalog);
    return {
      request: readListQuery(resource, asked),
      columns,
      print: jsonLines(members, [`{"type":${type},"record":`, "}"]),
    };
  });
  return {
    parts,
    cost: lists.length * weights.count.root,
    type: "application/x-ndjson; charset=utf-8",
    file: "export.ndjson",
    start: (position, found) => {
      const rows = Object.fromEntries(
        found.map(({ rows: count }, index) => [lists[index]?.resource.noun ?? "", count]),
      );
      return `${JSON.stringify({ _start: { position, rows } })}\n`;
    },
    end: lastLine,
  };
}

/** Of all kinds alike only `include_deleted` can be said. @throws Refused for anything else */
function onlyDeleted(query: URLSearchParams): URLSearchParams {
  const stray = [...new Set(query.keys())].filter((name) => name !== "include_deleted");
  if (stray.length === 0) return query;
  const issues = stray.map((name) =>
    issueOf(
      name,
      "is not a parameter of this export, which takes include_deleted alone; remove it.",
    ),
  );
  throw new Refused("BAD_USER_INPUT", invalid(issues));
}

const lastLine = (position: string, rows: number): string =>
  `${JSON.stringify({ _end: { rows, position } })}\n`;

/**
 * The export of a list by the last part of its path (`line-items`), or of `all`.
 *
 * @throws StartupError with all that is wrong with it
 */
export function contentOf(records: string, query: URLSearchParams): Export {
  const named = new Map(
    lists.map(({ resource }) => [resource.path.split("/").at(-1) ?? "", resource]),
  );
  const resource = named.get(records);
  if (resource === undefined && records !== "all") {
    throw new StartupError(
      `There are no ${records}; export ${[...named.keys()].join(", ")} or all.`,
    );
  }
  try {
    return resource === undefined ? allOf(query) : exportOf(resource)(query);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { issues } = z
      .object({ issues: z.array(z.object({ path: z.string(), message: z.string() })) })
      .parse(JSON.parse(error.answer.body));
    throw new StartupError(issues.map(({ path, message }) => `${path} ${message}`).join("\n"));
  }
}
