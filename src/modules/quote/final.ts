import { restName } from "../../write/input.ts";
import { changes, isFaulty, textOf, type Draft } from "../../write/draft.ts";
import { invalid, type Problem } from "../../write/problem.ts";
import type { Stored } from "../../write/stored.ts";
import type { WriteUnit } from "../../write/unit.ts";
import { quote } from "./model.ts";

const finals: ReadonlySet<string> = new Set(["accepted", "rejected", "expired"]);

/** What of a final quote still changes. */
const open: ReadonlySet<string> = new Set(["tags", "customFields", "notes", "externalId"]);

/** The status that makes a quote final, as it reads today; null while it is none. */
export function finalStatus(record: Stored | undefined): string | null {
  const status = String(record?.["read:status"]);
  return finals.has(status) ? status : null;
}

/** The message about a line of a final quote. */
export function lineOfFinal(record: Stored | undefined): Problem | null {
  const status = finalStatus(record);
  return status === null
    ? null
    : invalid(["quote_id"], `is a quote that is ${status}: its lines are final; make a new quote.`);
}

/** Refuses changes of a final quote. A draft that expired before it was sent is open again with another date. */
export async function keepFinal(
  unit: WriteUnit,
  draft: Draft,
  isLineChanged: boolean,
): Promise<void> {
  const { before, values, problems } = draft;
  const status = before === null ? null : finalStatus(before);
  if (before === null || status === null) return;
  if (before["status"] === "draft" && changes(draft, "validityDate")) {
    const date = textOf(values, "validityDate");
    if (date === null || date >= (await unit.tenantFacts()).today) return;
  }
  const changed = Object.entries(quote.fields).flatMap(([name, { managed }]) =>
    managed ||
    open.has(name) ||
    !changes(draft, name) ||
    isFaulty(draft, name) ||
    (name === "total" && isLineChanged)
      ? []
      : [restName(name)],
  );
  for (const name of isLineChanged ? [...changed, "line_items"] : changed) {
    const message = `cannot change: the quote is ${status}, which is final; make a new quote.`;
    problems.push(invalid([name], message));
  }
}
