import { type GraphQLSchema, isAbstractType, isObjectType } from "graphql";
import { snakeCase } from "../../lib/text.ts";
import { accountInputs } from "../../modules/account/inputs.ts";
import { activityInputs } from "../../modules/activity/inputs.ts";
import { catalog } from "../../modules/catalog.ts";
import { contactInputs } from "../../modules/contact/inputs.ts";
import { dealInputs } from "../../modules/deal/inputs.ts";
import { lineItemInputs } from "../../modules/line-item/inputs.ts";
import { quoteInputs } from "../../modules/quote/inputs.ts";
import type { InputDefinition } from "../../write/input-definition.ts";
import type { Scalars } from "./builder.ts";

/** The TypeScript types of a scalar: in variables, and in answers. */
type ScalarTypes = { readonly input: string; readonly output: string };

const text: ScalarTypes = { input: "string", output: "string" };
const object: ScalarTypes = { input: "Record<string, unknown>", output: "Record<string, unknown>" };

const scalars: Readonly<Record<keyof Scalars, ScalarTypes>> = {
  BigInt: { input: "string | number", output: "number" },
  Currency: text,
  Date: text,
  DateTime: text,
  // Text keeps all digits; a JavaScript number holds 15.
  Decimal: { input: "string | number", output: "string" },
  EmailAddress: text,
  ID: text,
  JSON: { input: "unknown", output: "unknown" },
  JSONObject: object,
  URL: text,
};

/** What code generators and caches of front ends need to know beside the schema. */
export type CodegenMaps = {
  readonly scalars: Readonly<Record<string, ScalarTypes>>;
  /** The types of each interface and union, by which a cache tells whether a fragment applies to a record. */
  readonly possibleTypes: Readonly<Record<string, readonly string[]>>;
  /** Types without an id: a cache keeps such values inside the record that has them. */
  readonly withoutId: readonly string[];
  /** For each type of record, the fields of its inputs and the fields of the record that they set. */
  readonly inputNames: Readonly<Record<string, Readonly<Record<string, string>>>>;
};

export function codegenMaps(schema: GraphQLSchema): CodegenMaps {
  const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith("__"));
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const inputs = {
    Account: accountInputs,
    Activity: activityInputs,
    Contact: contactInputs,
    Deal: dealInputs,
    LineItem: lineItemInputs,
    Quote: quoteInputs,
  };
  return {
    scalars,
    possibleTypes: Object.fromEntries(
      types.filter(isAbstractType).map((type) => {
        const names = schema.getPossibleTypes(type).map(({ name }) => name);
        return [type.name, names.toSorted()];
      }),
    ),
    withoutId: types
      .filter(isObjectType)
      .filter((type) => !roots.includes(type) && !("id" in type.getFields()))
      .map(({ name }) => name)
      .toSorted(),
    inputNames: Object.fromEntries(
      Object.entries(inputs).map(([type, { create }]) => [type, inputNames(type, create)]),
    ),
  };
}

function inputNames(type: string, { fields }: InputDefinition): Record<string, string> {
  // An input has second names of some fields too: `notes` of an activity's description.
  const names = Object.keys(catalog.byType(type).fields).map((field) => [snakeCase(field), field]);
  return Object.fromEntries(names.filter(([name = ""]) => fields[name]?.ignored === false));
}
