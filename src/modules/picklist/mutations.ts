import { access } from "../../graphql/limits/access.ts";
import { mutationCost } from "../../graphql/limits/costs.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";
import { stageKinds, type ListedField } from "../../model/picklist.ts";
import { resetPicklist, setPicklist, type PicklistResult } from "./service.ts";
import { picklistParts } from "./type.ts";

// A list is a setting of the tenant that all its writers go by: who may write one entity may not change it.
const writing = access({ writes: "tenant", ...mutationCost });

/** How lists are set. */
export function declarePicklistMutations(schema: SchemaParts): void {
  const { builder } = schema;
  const { names, byName, picklist } = picklistParts(schema);
  const fieldOf = (name: string): ListedField => {
    const found = byName.get(name);
    if (found === undefined) throw new Error(`there is no list ${name}`);
    return found;
  };
  const versionMeaning =
    "The version that was read: if it is not the current one, nothing is changed. Left out: whatever it is.";

  const result = builder.objectRef<PicklistResult>("ChangePicklistPayload").implement({
    description: "A list after a change, or what was wrong.",
    fields: (t) => ({
      picklist: t.field({
        type: picklist.list,
        description: "The list as it is now; unchanged when `userErrors` has items.",
        resolve: ({ picklist: list }) => list,
      }),
      userErrors: t.field({
        type: [schema.userError()],
        description: "The errors of the input; empty if the mutation was carried out.",
        resolve: ({ problems }) => [...problems],
      }),
    }),
  });

  const valueInput = builder.inputType("PicklistValueInput", {
    description: "A value of a list.",
    fields: (t) => ({
      value: t.string({
        required: true,
        description: "What the field holds: 1 to 255 characters, each value once.",
      }),
      label: t.string({
        description: "What people are shown, at most 255 characters; the value unless given.",
      }),
      kind: t.field({
        type: schema.enumRef(stageKinds),
        description:
          "Of a stage: `open` unless given. `closed_won` is always won, and `closed_lost` always lost. Not for other lists.",
      }),
    }),
  });
  const setInput = builder.inputType("SetPicklistInput", {
    description: "What is to change of a list; what is left out stays.",
    fields: (t) => ({
      list: t.field({ type: names, required: true, description: "Which list." }),
      values: t.field({
        type: [valueInput],
        description: "All its values in their order, at most 200. They replace those that it has.",
      }),
      strict: t.boolean({
        description:
          "Whether writes of other values are refused. Records that hold others keep them, and can be changed otherwise.",
      }),
      version: t.int({ description: versionMeaning }),
    }),
  });

  builder.mutationField("setPicklist", (t) =>
    t.field({
      type: result,
      extensions: writing,
      description:
        "Sets the values of a list, or whether it is strict. Records that hold a value that is no longer on it keep it.",
      args: {
        input: t.arg({ type: setInput, required: true, description: "What is to change." }),
      },
      resolve: (_root, { input: { list, ...input } }, ctx) =>
        setPicklist(ctx, fieldOf(list), input),
    }),
  );

  builder.mutationField("resetPicklist", (t) =>
    t.field({
      type: result,
      extensions: writing,
      description:
        "Gives a list the values that it has unless a tenant sets its own. It is no longer strict.",
      args: {
        list: t.arg({ type: names, required: true, description: "Which list." }),
        version: t.arg.int({ description: versionMeaning }),
      },
      resolve: (_root, { list, version }, ctx) => resetPicklist(ctx, fieldOf(list), version),
    }),
  );
}
