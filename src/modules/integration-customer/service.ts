import type { Values } from "../../model/record.ts";
import type { WriteContext } from "../../write/context.ts";
import type { WriteResult } from "../../write/draft.ts";
import { parseInput } from "../../write/input.ts";
import { createIn } from "../../write/save.ts";
import { only, writeRows } from "../../write/write-rows.ts";
import { contactWrites } from "../contact/service.ts";
import { integrationCustomerInput } from "./inputs.ts";

/** Creates a contact as the integration API knows it. Needs what the customers APIs need, not the contacts' own scope. */
export async function createIntegrationCustomer(
  context: WriteContext,
  input: Values,
): Promise<WriteResult> {
  const results = await writeRows(context, "customer", 1, async (unit) => {
    const parsed = parseInput(integrationCustomerInput, input);
    const drafts = await createIn(unit, contactWrites, [parsed], "abort");
    return drafts.map(({ id, problems }) => ({ id, problems }));
  });
  return only(results);
}
