import {
  getNamedType,
  isInputObjectType,
  parse,
  TypeInfo,
  valueFromASTUntyped,
  visit,
  visitWithTypeInfo,
  type FieldNode,
  type GraphQLNamedType,
} from "graphql";
import { schema } from "../gateway/schema.ts";
import { entityTypes, type Document } from "./schema.ts";

/** The read scope of each kind of record, as it is documented. */
export const readScopes: Readonly<Record<string, string>> = {
  Account: "read:accounts",
  Contact: "read:contacts",
  Deal: "read:deals",
  StageChange: "read:deals",
  Activity: "read:activities",
  Quote: "read:quotes",
  LineItem: "read:line_items",
  Tenant: "read:tenant",
  Department: "read:tenant",
  ApiKey: "read:keys",
  Webhook: "read:webhooks",
  Import: "read:imports",
};

/** What has a history, and what a search finds. */
const told = [
  "Account",
  "Contact",
  "Deal",
  "Activity",
  "Quote",
  "LineItem",
  "Department",
  "ApiKey",
  "Webhook",
];
const searched = ["Account", "Contact", "Deal", "Activity", "Quote", "LineItem"];
/** What refers to accounts and to contacts: a merge counts those. */
const referring: Readonly<Record<string, readonly string[]>> = {
  MergeAccountsPayload: ["Account", "Contact", "Deal", "Activity", "Quote"],
  MergeContactsPayload: ["Contact", "Deal", "Activity"],
};
const prefixes: Readonly<Record<string, string>> = {
  acc: "Account",
  con: "Contact",
  deal: "Deal",
  act: "Activity",
  qte: "Quote",
  lin: "LineItem",
  dep: "Department",
  key: "ApiKey",
  ten: "Tenant",
};

/**
 * The scopes of all kinds of records that a request reaches, by the names of the types that it names: fields and their
 * parents, filters and orders. Worked out from what the schema calls things, and from nothing that the server does.
 */
export function scopesTouched({ query, variables }: Document): readonly string[] {
  const found = new Set<string>();
  const add = (kinds: readonly string[]): void => kinds.forEach((kind) => found.add(kind));
  const types = new TypeInfo(schema);
  const document = parse(query);
  visit(
    document,
    visitWithTypeInfo(types, {
      Field: (node) => {
        const parent = types.getParentType()?.name ?? "";
        const type = types.getType();
        const name = type ? getNamedType(type).name : "";
        const args = argumentsOf(node, variables);
        const events = name.startsWith("ChangeEvent") || parent === "ChangeEvent";
        if (events) add(eventsOf(parent, node.name.value, args));
        else add([...kindsOf(name), ...kindsOf(parent)]);
        if (parent === "Picklists") add(ownerOf(node.name.value));
        if (node.name.value === "search") add(listOf(args["types"]) ?? searched);
        if (parent === "Query" && node.name.value.startsWith("node")) {
          add(
            Object.values(args)
              .flat()
              .map((id) => String(id).split("-")[0] ?? "")
              // An event may tell of every kind that has a history.
              .flatMap((prefix) => (prefix === "evt" ? told : (prefixes[prefix] ?? ""))),
          );
        }
        if (node.name.value === "moved") add(referring[parent] ?? []);
        if (node.name.value === "fields" && parent.startsWith("Merge"))
          add(kindsOf(parent.replace(/^Merged?(\w+?)s?(Payload)?$/, "$1")));
        for (const [argument, value] of Object.entries(args)) {
          const definition = types.getFieldDef()?.args.find((one) => one.name === argument);
          if (definition) addInput(getNamedType(definition.type), value, add);
        }
      },
    }),
  );
  return [...new Set([...found].flatMap((kind) => readScopes[kind] ?? []))].toSorted();
}

/** The kinds of record of which events tell there: the parent's own history, those asked for, or all. */
function eventsOf(
  parent: string,
  field: string,
  args: Readonly<Record<string, unknown>>,
): readonly string[] {
  if (field === "history" || field === "historyAggregate") return kindsOf(parent);
  // What is below a list was said of the list.
  if (!["Query", "Tenant", "Subscription"].includes(parent)) return [];
  return listOf(args["types"]) ?? told;
}

/** `accountIndustries` is a list of accounts. */
function ownerOf(list: string): readonly string[] {
  return [...entityTypes].filter((kind) => list.startsWith(kind.toLowerCase()));
}

/** `DealConnection`, `DealGroupKey`, … → `Deal`, by the longest name of a kind of record; figures of deals have names of their own. */
function kindsOf(type: string): readonly string[] {
  if (/^(Pipeline|Forecast)/.test(type)) return ["Deal"];
  if (type === "Picklist") return ["Tenant"];
  if (type.startsWith("Webhook")) return ["Webhook"];
  if (type.startsWith("Import")) return ["Import"];
  if (type === "ChangeEvent" || schema.getType(type)?.name === undefined) return [];
  const found = [...entityTypes].filter(
    (kind) => type.startsWith(kind) || type === `Merged${kind}`,
  );
  return found.toSorted((a, b) => b.length - a.length).slice(0, 1);
}

function addInput(
  type: GraphQLNamedType,
  value: unknown,
  add: (kinds: readonly string[]) => void,
): void {
  if (Array.isArray(value)) value.forEach((item) => addInput(type, item, add));
  if (!isInputObjectType(type) || typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    const field = type.getFields()[name];
    if (field === undefined) continue;
    const target = getNamedType(field.type);
    const kind = target.name.replace(/(List)?Filter$/, "");
    if (kind === "ChangeEvent") {
      // Below a filter of events nothing new is said of what they tell.
      if (!type.name.startsWith(kind)) add(name === "history" ? kindsOf(type.name) : told);
    } else if (entityTypes.has(kind)) add([kind]);
    addInput(target, inner, add);
  }
}

function argumentsOf(
  { arguments: sent = [] }: FieldNode,
  variables: Document["variables"],
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    sent.map(({ name, value }) => [name.value, valueFromASTUntyped(value, variables)]),
  );
}

const listOf = (value: unknown): readonly string[] | null =>
  Array.isArray(value) ? value.map(String) : null;
