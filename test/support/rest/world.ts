import fc from "fast-check";
import { catalog } from "../../../src/modules/catalog.ts";
import { at } from "../gateway/gateway.ts";
import type { RestClient } from "./client.ts";
import { bodyOf, type Around, type Kind } from "./inputs.ts";

/** A record that was made through the API. */
export type Sent = { readonly kind: Kind; readonly id: string; readonly path: string };

/** `/api/v1/crm/line-items` for `lineItem`. */
export function pathOf(kind: Kind): string {
  return `/api/v1/crm/${catalog.entity(kind).table.replaceAll("_", "-")}`;
}

/** Random records of every kind, made through the API, and what further ones can hang on. */
export async function sendWorld(
  rest: RestClient,
  seed: number,
  count: number,
): Promise<{ readonly records: readonly Sent[]; readonly around: Around }> {
  const around = {
    accounts: new Array<string>(),
    contacts: new Map<string, string[]>(),
    deals: new Map<string, string[]>(),
    quotes: new Array<string>(),
  };
  const records: Sent[] = [];
  const first = await rest.post(pathOf("account"), { name: "First" });
  around.accounts.push(String(at(first.body, "id")));
  const quote = await rest.post(pathOf("quote"), { account_id: around.accounts[0] });
  around.quotes.push(String(at(quote.body, "id")));
  for (const kind of ["account", "contact", "deal", "quote", "lineItem", "activity"] as const) {
    for (let index = 0; index < count; index += 1) {
      const [body] = fc.sample(bodyOf(kind, around), { seed: seed + index, numRuns: 1 });
      const answer = await rest.post(pathOf(kind), body);
      if (answer.status !== 201) {
        throw new Error(`${kind}: ${answer.text} for ${JSON.stringify(body)}`);
      }
      const id = String(at(answer.body, "id"));
      records.push({ kind, id, path: `${pathOf(kind)}/${id}` });
      if (kind === "account") around.accounts.push(id);
      if (kind === "quote" && !isFinal(answer.body)) around.quotes.push(id);
      if (kind === "contact" || kind === "deal") {
        const of = kind === "contact" ? around.contacts : around.deals;
        const owner = at(answer.body, "account_id");
        const account = typeof owner === "string" ? owner : "";
        of.set(account, [...(of.get(account) ?? []), id]);
      }
    }
  }
  return { records, around };
}

/** Whether a quote takes no further lines. */
const isFinal = (quote: unknown): boolean =>
  ["accepted", "rejected", "expired"].includes(String(at(quote, "status")));
