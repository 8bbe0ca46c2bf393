import type { Import } from "../../db/generated/prisma/client.ts";
import { access } from "../../graphql/limits/access.ts";
import { mutationCost } from "../../graphql/limits/costs.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";
import { GatewayError } from "../../lib/errors.ts";
import { idComplaint, readId } from "../../lib/id.ts";
import { importPrefix } from "../../imports/run/types.ts";
import { invalid, notFound, type Problem } from "../../write/problem.ts";

const writing = access({ writes: "import", ...mutationCost });

type Result = { readonly import: Import | null; readonly problems: readonly Problem[] };

/** How imports are begun and ended. */
export function declareImportMutations(schema: SchemaParts): void {
  const { builder } = schema;
  const importId = "Its id, `imp-<uuid>` or the bare UUID.";
  const unmapped = builder.enumType("ImportUnmapped", {
    description: "What to do with the columns of a file that have no field.",
    values: {
      ignore: { description: "They are left out." },
      custom_fields: { description: "They go to `custom_fields`, each under its name." },
    },
  });
  const result = builder.objectRef<Result>("ChangeImportPayload").implement({
    description: "What became of an import, or what was wrong.",
    fields: (t) => ({
      import: t.prismaField({
        type: "Import",
        nullable: true,
        description: "The import as it is now; null when nothing was done.",
        resolve: (_query, found) => found.import,
      }),
      userErrors: t.field({
        type: [schema.userError()],
        description: "The errors of the input; empty if the mutation was carried out.",
        resolve: ({ problems }) => [...problems],
      }),
    }),
  });

  builder.mutationField("cancelImport", (t) =>
    t.field({
      type: result,
      extensions: writing,
      description:
        "Cancels an import, between two of its chunks of rows. Rows that are written stay. An import that has ended does not change.",
      args: { id: t.arg.id({ required: true, description: importId }) },
      resolve: (_root, { id }, ctx) => changed(id, () => ctx.imports.cancel(ctx.actor, id)),
    }),
  );

  builder.mutationField("startImport", (t) =>
    t.field({
      type: result,
      extensions: writing,
      description:
        "Starts an import that waits, since columns of its file are no field. One that has started stays as it is.",
      args: {
        id: t.arg.id({ required: true, description: importId }),
        unmapped: t.arg({
          type: unmapped,
          required: true,
          description: "What becomes of those columns.",
        }),
      },
      resolve: (_root, { id, unmapped: columns }, ctx) =>
        changed(id, () => ctx.imports.start(ctx.actor, id, columns)),
    }),
  );
}

/** Changes an import; what the caller got wrong is data. */
async function changed(id: string, change: () => Promise<Import | null>): Promise<Result> {
  if (readId(importPrefix, id) === null) {
    return { import: null, problems: [invalid(["id"], idComplaint(importPrefix, id))] };
  }
  try {
    const found = await change();
    return { import: found, problems: found === null ? [notFound(["id"], "Import")] : [] };
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== "BAD_USER_INPUT") throw error;
    const { path = [], complaint } = error.refusal;
    return { import: null, problems: [invalid(path, complaint)] };
  }
}
