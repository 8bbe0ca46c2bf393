import { badInput } from "../../lib/errors.ts";
import { restName } from "../../write/input.ts";
import { linksOf } from "../../write/rules/links.ts";
import { addressKinds, addressParts } from "./labels.ts";
import { referenceWays, type Imported, type ReferenceWay, type Target } from "./types.ts";

/** By what records of an entity can be named. */
const ways: Readonly<Record<string, readonly ReferenceWay[]>> = {
  account: ["id", "external_id", "name", "domain", "email"],
  contact: ["id", "external_id", "email", "name"],
  deal: ["id", "external_id", "name"],
  quote: ["id", "external_id", "name"],
};

/** A field that names a record, `account` of `account_id`, or several: `contacts` of `contact_ids`. */
type Reference = {
  readonly name: string;
  readonly field: string;
  readonly to: string;
  readonly isList: boolean;
};

/** `account_id` → `account`, `contact_ids` → `contacts`: how `map` names what a field names. */
export const referenceName = (field: string): string =>
  field.replace(/_ids$/, "s").replace(/_id$/, "");

/** The references that callers write. */
export function referencesOf({ entity, inputs }: Imported): Reference[] {
  const single = Object.entries(entity.fields).map(([key, { to }]) => ({
    field: restName(key),
    to,
    isList: false,
  }));
  const several = linksOf(entity).map(({ rest, through: { to } }) => ({
    field: rest,
    to,
    isList: true,
  }));
  return [...single, ...several].flatMap(({ field, to, isList }) => {
    const isWritten = inputs.create.fields[field]?.ignored === false;
    return to === null || !isWritten ? [] : [{ name: referenceName(field), field, to, isList }];
  });
}

/** What is said of columns that the gateway writes itself. */
const ownColumn = "kept by the gateway";

/** The target of a text as `map` takes it, or null for none: `email`, `account.name`, `addresses.billing.city`, `custom_fields.size`, `-`. */
export function parseTarget(imported: Imported, text: string): Target | null {
  const { fields } = imported.inputs.create;
  if (text === "" || text === "-") return { ignored: "left out as told" };
  const field = Object.hasOwn(fields, text) ? fields[text] : undefined;
  if (field !== undefined) return field.ignored ? { ignored: ownColumn } : { field: text };
  const [first = "", second = "", third] = text.split(".");
  if (first === "custom_fields" && fields["custom_fields"] !== undefined) {
    const key = text.slice(first.length + 1).trim();
    return key === "" ? null : { customField: key };
  }
  if (first === "addresses" && fields["addresses"] !== undefined && third !== undefined) {
    const isPart = Object.hasOwn(addressParts, third) && Object.hasOwn(addressKinds, second);
    return isPart ? { address: second, part: third } : null;
  }
  const reference = referencesOf(imported).find(({ name }) => {
    return text.startsWith(`${name}.`) || text.startsWith(`${name}_`);
  });
  if (reference === undefined) return null;
  const said = text.slice(reference.name.length + 1);
  const by = referenceWays.find((way) => way === said);
  if (by === undefined || ways[reference.to]?.includes(by) !== true) return null;
  if (by === "id") return { field: reference.field };
  return { reference: reference.field, to: reference.to, by, isList: reference.isList };
}

/** @throws GatewayError BAD_USER_INPUT that names what columns can be mapped to */
export function givenTarget(imported: Imported, column: string, text: string): Target {
  const target = parseTarget(imported, text.trim());
  if (target !== null) return target;
  throw badInput(
    ["map", column],
    `"${text}" is no field; map it to one of ${targetNames(imported).join(", ")}, custom_fields.<key>, or - to leave it out.`,
  );
}

/** All that columns can be mapped to, but keys of custom fields and addresses. */
export function targetNames(imported: Imported): string[] {
  const fields = Object.entries(imported.inputs.create.fields)
    .filter(([, { ignored }]) => !ignored)
    .map(([name]) => name);
  const references = referencesOf(imported).flatMap(({ name, to }) =>
    (ways[to] ?? []).filter((way) => way !== "id").map((way) => `${name}.${way}`),
  );
  return [...fields, ...references];
}

/** The same text for targets that fill the same field: the account by its name and by its id. */
export function placeOf(target: Target): string | null {
  if ("field" in target) return target.field;
  if ("reference" in target) return target.reference;
  if ("address" in target) return `addresses.${target.address}.${target.part}`;
  return "customField" in target ? `custom_fields.${target.customField}` : null;
}
