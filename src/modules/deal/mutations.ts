import { entityMutations } from "../../graphql/schema/mutation-fields.ts";
import { payloadRef, writing } from "../../graphql/schema/payloads.ts";
import { linkFields, versionText } from "../../graphql/schema/verb-fields.ts";
import { writeContext } from "../../graphql/schema/write-context.ts";
import { moveRecord } from "../../write/edits.ts";
import { only } from "../../write/write-rows.ts";
import { deal } from "./model.ts";
import { dealWrites } from "./service.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";

/** How deals are written. */
export function declareDealMutations(schema: SchemaParts): void {
  entityMutations(schema, dealWrites);
  linkFields(schema, dealWrites);
  moveDealField(schema);
}

function moveDealField(schema: SchemaParts): void {
  const text = (field: "lossReason" | "lossCategory" | "closureNotes") => ({
    description: deal.fields[field]?.description ?? "",
  });
  schema.builder.mutationField("moveDeal", (t) =>
    t.field({
      extensions: writing(deal),
      type: payloadRef(schema, "MoveDeal", deal),
      description:
        "Moves a deal to a stage. A closing stage sets `actualCloseDate` to today if the deal has none, and any other stage clears it. Nothing is written if the deal is so already. Paths of `userErrors` have REST names, such as `loss_reason`.",
      args: {
        id: t.arg.id({ required: true, description: "Its id, `deal-<uuid>` or the bare UUID." }),
        stage: t.arg.string({
          required: true,
          description:
            "The new stage, such as `qualified`. One of the kind `lost`, such as `closed_lost`, needs both parts of the loss.",
        }),
        lossReason: t.arg.string(text("lossReason")),
        lossCategory: t.arg.string(text("lossCategory")),
        closureNotes: t.arg.string(text("closureNotes")),
        version: t.arg.int({ description: versionText }),
      },
      resolve: (_root, { id, version, stage, ...closing }, ctx, info) => {
        const values = {
          stage,
          loss_reason: closing.lossReason,
          loss_category: closing.lossCategory,
          closure_notes: closing.closureNotes,
        };
        return moveRecord(writeContext(ctx, info, only), dealWrites, { id, version }, values);
      },
    }),
  );
}
