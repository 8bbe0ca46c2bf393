import type { GraphQLResolveInfo } from "graphql";
import type { SchemaTypes } from "../../graphql/schema/builder.ts";
import { access } from "../../graphql/limits/access.ts";
import { figuresCost } from "../../graphql/limits/costs.ts";
import { implementEntity } from "../../graphql/schema/entity-type.ts";
import { entityQueries } from "../../graphql/schema/query-fields.ts";
import { source } from "../../graphql/schema/source.ts";
import { fieldType, selectedFields } from "../../graphql/schema/selection.ts";
import { stageKinds } from "../../model/picklist.ts";
import { deal } from "./model.ts";
import {
  readForecast,
  readPipeline,
  type Amount,
  type Bundle,
  type ForecastMonth,
  type PipelineStage,
} from "./pipeline.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";

type BundleFields<Shape> = PothosSchemaTypes.ObjectFieldBuilder<SchemaTypes, Shape>;

/** Whether amounts are selected; otherwise nothing is added up. */
function wantsAmounts(info: GraphQLResolveInfo): boolean {
  const type = fieldType(info.parentType, info.fieldName);
  return selectedFields(info, type, info.fieldNodes).has("amounts");
}

/** The type of deals, and what can be asked of them. */
export function declareDeal(schema: SchemaParts): void {
  implementEntity(schema, deal);
  entityQueries(schema, deal);

  const amount = schema.builder.objectRef<Amount>("PipelineAmount").implement({
    description: "What deals in one currency are worth. Currencies are never added.",
    fields: (t) => ({
      currency: t.field({
        type: "Currency",
        description: "ISO 4217 code of the currency.",
        resolve: ({ currency }) => currency,
      }),
      count: t.int({
        description: "How many deals are in the currency, with or without a value.",
        resolve: ({ count }) => count,
      }),
      value: t.field({
        type: "Decimal",
        description: "Sum of their values, exact; a deal without one adds nothing.",
        resolve: ({ value }) => value,
      }),
      weightedValue: t.field({
        type: "Decimal",
        description:
          "Sum of value × probability / 100, rounded half up (away from zero) to 4 fraction digits at the end. A deal without probability adds nothing; won deals count in full, lost ones not at all, whatever their probability.",
        resolve: ({ weightedValue }) => weightedValue,
      }),
    }),
  });

  const bundleFields = <Shape extends Bundle>(t: BundleFields<Shape>) => ({
    count: t.int({ description: "How many deals.", resolve: ({ count }) => count }),
    amounts: t.field({
      type: [amount],
      description: "What they are worth, for each currency in the order of their codes.",
      resolve: ({ amounts }) => amounts,
    }),
  });

  const stageRef = schema.builder.objectRef<PipelineStage>("PipelineStage").implement({
    description: "The deals in one stage.",
    fields: (t) => ({
      stage: t.string({ description: "The stage.", resolve: ({ stage }) => stage }),
      label: t.string({
        description:
          "The label of the stage on the tenant's list; the stage where it is not on it.",
        resolve: ({ label }) => label,
      }),
      kind: t.field({
        type: schema.enumRef(stageKinds),
        description: "Whether its deals go on, or how they ended.",
        resolve: ({ kind }) => kind,
      }),
      ...bundleFields(t),
    }),
  });

  const monthRef = schema.builder.objectRef<ForecastMonth>("ForecastMonth").implement({
    description: "The open deals that are expected to close in one month.",
    fields: (t) => ({
      month: t.field({
        type: "Date",
        nullable: true,
        description: "First day of the month; null for deals without a day.",
        resolve: ({ month }) => month,
      }),
      ...bundleFields(t),
    }),
  });

  schema.builder.queryField("pipeline", (t) =>
    t.field({
      type: [stageRef],
      nullable: true,
      extensions: {
        ...access({ reads: [deal.name], ...figuresCost }),
        ...source({ kind: "bundles", by: "stage" }),
      },
      description:
        "The tenant's deals by stage, in the order of its list (`picklists { dealStages }`): unless it has its own, lead, qualified, proposal, negotiation, closed_won and closed_lost. Stages that are not on the list follow its last open one, by name. Stages without deals are left out.",
      args: {
        where: t.arg({
          type: schema.filterRef(deal),
          description: "Only deals that match this filter.",
        }),
      },
      resolve: (_root, args, { reader }, info) => readPipeline(reader, args, wantsAmounts(info)),
    }),
  );

  schema.builder.queryField("forecast", (t) =>
    t.field({
      type: [monthRef],
      nullable: true,
      extensions: {
        ...access({ reads: [deal.name], ...figuresCost }),
        ...source({ kind: "bundles", by: "month" }),
      },
      description:
        "The tenant's open deals (in a stage of the kind `open`) by the month of their expectedCloseDate, earliest first, those without one last. Months without deals are left out.",
      args: {
        where: t.arg({
          type: schema.filterRef(deal),
          description: "Only deals that match this filter.",
        }),
        from: t.arg({
          type: "Date",
          description:
            "Only deals expected to close on this day or later; not those without a day.",
        }),
        to: t.arg({
          type: "Date",
          description: "Only deals expected to close by this day; not those without a day.",
        }),
      },
      resolve: (_root, args, { reader }, info) => readForecast(reader, args, wantsAmounts(info)),
    }),
  );
}
