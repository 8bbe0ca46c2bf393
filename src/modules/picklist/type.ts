import type { EnumRef } from "@pothos/core";
import { access } from "../../graphql/limits/access.ts";
import type { SchemaTypes } from "../../graphql/schema/builder.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";
import type { EnumDefinition } from "../../model/kind.ts";
import {
  allListedFields,
  stageKinds,
  type ListedField,
  type PicklistValue,
} from "../../model/picklist.ts";
import { mostValues, readPicklists, type ShownPicklist } from "./service.ts";

/** `Deal.stage`, as descriptions name the field. */
export const fieldNameOf = ({ entity, field }: ListedField): string => `${entity.type}.${field}`;

/** A read of its own, whatever is selected. */
const readCost = { cost: () => ({ own: 10, times: 1 }) };

type Ordered = PicklistValue & { readonly order: number };
type Parts = {
  readonly names: EnumRef<SchemaTypes, string>;
  readonly byName: ReadonlyMap<string, ListedField>;
  readonly picklist: ReturnType<typeof makePicklist>;
};

const made = new WeakMap<SchemaParts, Parts>();

/** The types of lists, which queries and mutations name; made once for each schema. */
export function picklistParts(schema: SchemaParts): Parts {
  let parts = made.get(schema);
  if (parts === undefined) {
    const fields = allListedFields(schema.catalog);
    const names = schema.enumRef(nameEnum(fields));
    const byName = new Map(fields.map((one) => [one.list.name, one]));
    parts = { names, byName, picklist: makePicklist(schema, names) };
    made.set(schema, parts);
  }
  return parts;
}

const nameEnum = (fields: readonly ListedField[]): EnumDefinition => ({
  name: "PicklistName",
  description: "The lists of values that text fields have.",
  type: "text",
  values: Object.fromEntries(
    fields.map((one) => [one.list.name, `The values of \`${fieldNameOf(one)}\`.`]),
  ),
});

const ordered = (values: readonly PicklistValue[]): Ordered[] =>
  values.map((one, place) => ({ ...one, order: place + 1 }));

function makePicklist(schema: SchemaParts, names: EnumRef<SchemaTypes, string>) {
  const { builder } = schema;
  const value = builder.objectRef<Ordered>("PicklistValue").implement({
    description: "A value of a list.",
    fields: (t) => ({
      value: t.exposeString("value", { description: "What the field holds: `closed_won`." }),
      label: t.exposeString("label", {
        description:
          "What people are shown: `Closed won`; the value unless the tenant says otherwise.",
      }),
      order: t.exposeInt("order", { description: "Its place on the list, from 1." }),
      kind: t.field({
        type: schema.enumRef(stageKinds),
        nullable: true,
        description:
          "Of a stage: whether deals in it go on, or how they ended. Null on other lists.",
        resolve: ({ kind }) => kind,
      }),
    }),
  });
  const list = builder.objectRef<ShownPicklist>("Picklist").implement({
    description: "The list of values that a text field has, with its settings.",
    extensions: access({ reads: ["tenant"] }),
    fields: (t) => ({
      list: t.field({
        type: names,
        description: "Which list it is.",
        resolve: ({ of }) => of.list.name,
      }),
      values: t.field({
        type: [value],
        extensions: access({ items: mostValues }),
        description: "Its values in their order.",
        resolve: ({ values }) => ordered(values),
      }),
      isStrict: t.exposeBoolean("isStrict", {
        description: "Whether writes of other values are refused.",
      }),
      version: t.exposeInt("version", {
        description: "0 until the list is first set; grows by one with each change.",
      }),
      updatedAt: t.field({
        type: "DateTime",
        nullable: true,
        description: "When it was last changed (UTC, milliseconds); null if never.",
        resolve: ({ updatedAt }) => updatedAt,
      }),
      updatedBy: t.exposeString("updatedBy", {
        nullable: true,
        description:
          "Who changed it last: a caller's `sub` or an API key's id; null if nobody did.",
      }),
    }),
  });
  return { value, list };
}

/** The types of lists, and what can be asked of them. */
export function declarePicklist(schema: SchemaParts): void {
  const { builder } = schema;
  const { names, byName, picklist } = picklistParts(schema);
  const fields = [...byName.values()];

  const all = builder.objectRef<readonly ShownPicklist[]>("Picklists").implement({
    description:
      "The values that text fields have at the tenant. A list that the tenant has not set has the usual values; those of most fields have none.",
    fields: (t) => ({
      ...Object.fromEntries(
        fields.map((one) => [
          one.list.name,
          t.field({
            type: [picklist.value],
            extensions: access({ reads: [one.entity.name], items: mostValues }),
            description: `The values of \`${fieldNameOf(one)}\` in their order.`,
            resolve: (lists) => ordered(lists.find(({ of }) => of.list === one.list)?.values ?? []),
          }),
        ]),
      ),
      strict: t.field({
        type: [names],
        extensions: access({ items: fields.length }),
        description: "The lists beside whose values no others can be written.",
        resolve: (lists) => lists.flatMap(({ of, isStrict }) => (isStrict ? [of.list.name] : [])),
      }),
    }),
  });

  builder.queryField("picklists", (t) =>
    t.field({
      type: all,
      extensions: access(readCost),
      description:
        "The values to offer for text fields, as the tenant has set them, e.g. the stages of its deals. Each list needs the read scope of its records.",
      resolve: (_root, _args, ctx) => readPicklists(ctx, fields),
    }),
  );

  builder.queryField("picklist", (t) =>
    t.field({
      type: picklist.list,
      extensions: access(readCost),
      description: "One list with its settings.",
      args: { list: t.arg({ type: names, required: true, description: "Which list." }) },
      resolve: async (_root, { list }, ctx) => {
        const of = fields.filter((one) => one.list.name === list);
        const [found] = await readPicklists(ctx, of);
        if (found === undefined) throw new Error(`there is no list ${list}`);
        return found;
      },
    }),
  );
}
