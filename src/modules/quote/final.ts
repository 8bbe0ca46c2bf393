import { fieldNames } from "../../model/entity.ts";
import type { Stored } from "../../model/record.ts";
import { restName } from "../../write/input.ts";
import { changes, isFaulty, type Draft } from "../../write/draft.ts";
import { invalid, type Problem } from "../../write/problem.ts";
import type { WriteUnit } from "../../write/unit.ts";
import { quote } from "./model.ts";

const finals: ReadonlySet<string> = new Set(["accepted", "rejected", "expired"]);

/** What of a final quote still changes. */
const open: ReadonlySet<string> = new Set(["tags", "customFields", "notes", "externalId"]);

/** The status that makes a quote final, as it reads today; null while it is none. */
export function finalStatus(record: Stored<"Quote"> | undefined): string | null {
  const status = String(record?.["read:status"]);
  return finals.has(status) ? status : null;
}

/** The message about a line of a final quote. */
export function lineOfFinal(record: Stored<"Quote"> | undefined): Problem | null {
  const status = finalStatus(record);
  return status === null
    ? null
    : invalid(["quote_id"], `is a quote that is ${status}: its lines are final; make a new quote.`);
}

/** Whether an existing quote's validity date, as it will be, has passed. */
export async function willBePast(unit: WriteUnit, { values }: Draft<"Quote">): Promise<boolean> {
  const date = values.validityDate;
  return date != null && date < (await unit.tenantFacts()).today;
}

/** Whether a draft that expired before it was sent is open again, by another date. */
export async function reopens(unit: WriteUnit, draft: Draft<"Quote">): Promise<boolean> {
  const { before } = draft;
  if (before === null || before.status !== "draft" || finalStatus(before) === null) return false;
  return changes(draft, "validityDate") && !(await willBePast(unit, draft));
}

/** Refuses what would change of a final quote, unless it is open again. */
export async function keepFinal(
  unit: WriteUnit,
  draft: Draft<"Quote">,
  isLineChanged: boolean,
): Promise<void> {
  const { before, problems } = draft;
  const status = before === null ? null : finalStatus(before);
  if (before === null || status === null) return;
  if (await reopens(unit, draft)) return;
  const changed = fieldNames(quote).flatMap((name) =>
    quote.fields[name]?.managed === true ||
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
