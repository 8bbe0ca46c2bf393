import type { Values } from "../../model/record.ts";
import type { WriteContext } from "../../write/context.ts";
import { textOf, type WriteResult } from "../../write/draft.ts";
import { parseInput } from "../../write/input.ts";
import { fitsIndex, maxLineLength } from "../../model/kinds/parts/text-schema.ts";
import { invalid } from "../../write/problem.ts";
import { createIn } from "../../write/save.ts";
import { RefusedRows } from "../../write/refused.ts";
import { only, writeRows } from "../../write/write-rows.ts";
import { accountWrites } from "../account/service.ts";
import { contactWrites } from "../contact/service.ts";
import { customerInput } from "./inputs.ts";

/** Creates an account with its primary contact, in one act. The contact's id is the result's `extra.contact`. */
export async function createCustomer(context: WriteContext, input: Values): Promise<WriteResult> {
  const results = await writeRows(context, "customer", 1, async (unit) => {
    const { values, extras, problems } = parseInput(customerInput, input);
    const [company, first, last] = ["company_name", "first_name", "last_name"].map((name) =>
      textOf(extras, name),
    );
    const person = [first, last].filter((part) => part != null).join(" ");
    const name = textOf(extras, "display_name") ?? company ?? (person === "" ? null : person);
    const said = [...problems];
    if (name === null && !said.some(({ path }) => path[0] === "display_name")) {
      said.push(
        invalid(["display_name"], "is needed, or company_name, or first_name and last_name."),
      );
    }
    if (name === person && (person.length > maxLineLength || !fitsIndex(person))) {
      const most = maxLineLength.toLocaleString("en");
      said.push(
        invalid(
          ["display_name"],
          `is needed: first and last name have more than ${most} characters.`,
        ),
      );
    }
    const { email, phone } = extras;
    const account = {
      values: { ...values, name, legalName: company ?? null, email, phone },
      extras: {},
      problems: said,
    };
    const [created] = await createIn(unit, accountWrites, [account], "abort");
    if (created === undefined) throw new RefusedRows([], []);
    const contact = {
      values: {
        accountId: created.id,
        firstName: first,
        lastName: last,
        company,
        email,
        isPrimary: true,
      },
      extras: { phone_1: phone },
      problems: [],
    };
    const [primary] = await createIn(unit, contactWrites, [contact], "abort");
    return [{ id: created.id, problems: [], extra: { contact: primary?.id ?? "" } }];
  });
  return only(results);
}
