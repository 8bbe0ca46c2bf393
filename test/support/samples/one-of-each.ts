import { v7 as uuidv7 } from "uuid";
import { catalog } from "../../../src/modules/catalog.ts";
import { formatId } from "../../../src/lib/id.ts";
import type { TestGateway } from "../gateway/gateway.ts";
import { expectWritten } from "../writes/mutation.ts";
import { Writes } from "../writes/writes.ts";

type Values = Readonly<Record<string, unknown>>;

/** The kinds of records that have all stamps. */
export const kinds = ["account", "contact", "deal", "activity", "quote", "lineItem"] as const;
export type Kind = (typeof kinds)[number];

/** The least that makes a record, given what it must hang on. */
export function leastInput(kind: Kind, { account, quote }: Partial<Record<Kind, string>>): Values {
  if (kind === "account" || kind === "contact") return {};
  return kind === "lineItem" ? { quote_id: quote } : { account_id: account };
}

/** `createLineItem` for `lineItem`: the field of a verb. */
export function fieldFor(verb: string, kind: Kind): string {
  return `${verb}${catalog.entity(kind).type}`;
}

/** Makes one of each kind through the API; gives their ids. */
export async function oneOfEach(gateway: TestGateway, key: string): Promise<Record<Kind, string>> {
  const ids: Record<Kind, string> = {
    account: "",
    contact: "",
    deal: "",
    activity: "",
    quote: "",
    lineItem: "",
  };
  for (const kind of ["account", "contact", "deal", "quote", "lineItem", "activity"] as const) {
    const field = fieldFor("create", kind);
    const made = await new Writes(gateway, key).mutate(field, { input: leastInput(kind, ids) });
    ids[kind] = String(expectWritten(made)["id"]);
  }
  return ids;
}

/** A public id of a kind that no record has. */
export const unknownId = (kind: Kind): string => formatId(catalog.entity(kind).prefix, uuidv7());

/** The UUID in a public id. */
export const uuidOf = (id: string): string => id.slice(id.indexOf("-") + 1);

/** What actor stamps hold of a key: `crm_<environment>_<id>_<secret>` → `key-<id>`. */
export const actorOf = (key: string): string => formatId("key", key.split("_")[2] ?? "");
