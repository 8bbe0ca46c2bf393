import type { ListRequest } from "../../query/page.ts";
import type { Projection } from "../../query/projection.ts";
import { invalid, issueOf, Refused, type Issue } from "../error-answers.ts";
import type { Resource } from "../face.ts";
import { readListQuery } from "../list-query.ts";

/** What an export is asked for beside the list's filters and order. */
export type ExportRequest = {
  readonly list: ListRequest;
  readonly projection: Projection;
  readonly format: "csv" | "ndjson";
  /** Whether texts stay as they are where a spreadsheet would run them. */
  readonly isRaw: boolean;
};

/** What an export is written as. */
export const formats = ["csv", "ndjson"] as const;

/**
 * Reads the query of an export of one kind: `format`, `fields`, `raw`, and what its list takes but pages.
 *
 * @throws Refused with everything that is wrong with it
 */
export function readExportQuery(resource: Resource, query: URLSearchParams): ExportRequest {
  const issues: Issue[] = [];
  const rest = new URLSearchParams(query);
  const take = (name: string): string | null => {
    const [value = null, ...others] = query.getAll(name);
    if (others.length > 0) issues.push(issueOf(name, "is given twice; send it once."));
    rest.delete(name);
    return value;
  };
  const named = take("format") ?? "ndjson";
  const format = formats.find((one) => one === named);
  if (format === undefined) issues.push(issueOf("format", "must be csv or ndjson."));
  const raw = take("raw") ?? "false";
  if (raw !== "true" && raw !== "false") issues.push(issueOf("raw", { complaint: "notBoolean" }));
  for (const name of ["limit", "cursor"]) {
    if (take(name) !== null) issues.push(issueOf(name, "has no meaning here: all rows are sent."));
  }
  const projection = projectionOf(resource, take("fields"), issues);
  let list: ListRequest | null = null;
  try {
    list = readListQuery(resource, rest);
  } catch (error) {
    if (!(error instanceof Refused) || issues.length === 0) throw error;
  }
  if (issues.length > 0 || list === null || format === undefined) {
    throw new Refused("BAD_USER_INPUT", invalid(issues));
  }
  return { list, projection, format, isRaw: raw === "true" };
}

/** The record with only the fields that were named, in that order. */
function projectionOf(
  { projection }: Resource,
  fields: string | null,
  issues: Issue[],
): Projection {
  if (fields === null) return projection;
  const keys = [...new Set(fields.split(",").map((key) => key.trim()))];
  const members = keys.flatMap((key) => {
    const member = projection.members.find((one) => one.key === key);
    if (member !== undefined) return [member];
    const known = projection.members.map((one) => one.key).join(", ");
    issues.push(issueOf("fields", `has no key ${key.slice(0, 80)}; there are ${known}`));
    return [];
  });
  return { ...projection, members };
}
