import { payloadRef, writing } from "../../graphql/schema/payloads.ts";
import { sentValues, writeContext } from "../../graphql/schema/write-context.ts";
import { apiKeyInputs } from "./inputs.ts";
import { apiKey } from "./model.ts";
import { createApiKey, revokeApiKey, rotateApiKey } from "./service.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";

/** How api keys are written. */
export function declareApiKeyMutations(schema: SchemaParts): void {
  const keyId = "Its id, `key-<uuid>` or the bare UUID.";
  const secret =
    "The whole key, `crm_<environment>_<id>_<secret>`: shown in this answer only, and kept as a hash.";

  schema.builder.mutationField("createApiKey", (t) =>
    t.field({
      extensions: writing(apiKey),
      type: payloadRef(schema, "CreateApiKey", apiKey, { extras: { secret }, verb: "Create" }),
      description: "Makes an API key. Its secret is in this answer and cannot be shown again.",
      args: {
        input: t.arg({
          type: schema.inputRef(apiKeyInputs.create),
          required: true,
          description: "What the key is for and may do.",
        }),
      },
      resolve: (_root, args, ctx, info) =>
        createApiKey(writeContext(ctx, info), sentValues(args.input)),
    }),
  );

  schema.builder.mutationField("revokeApiKey", (t) =>
    t.field({
      extensions: writing(apiKey),
      type: payloadRef(schema, "RevokeApiKey", apiKey),
      description: "Makes an API key invalid at once. Revoking it again changes nothing.",
      args: { id: t.arg.id({ required: true, description: keyId }) },
      resolve: async (_root, args, ctx, info) => {
        try {
          return await revokeApiKey(writeContext(ctx, info), args.id);
        } finally {
          await ctx.apiKeys.forget(args.id);
        }
      },
    }),
  );

  schema.builder.mutationField("rotateApiKey", (t) =>
    t.field({
      extensions: writing(apiKey),
      type: payloadRef(schema, "RotateApiKey", apiKey, { extras: { secret } }),
      description:
        "Makes an API key that may do the same, with a secret of its own; the old one works on for a grace time.",
      args: {
        id: t.arg.id({ required: true, description: keyId }),
        graceMinutes: t.arg.int({
          description:
            "How long the old key works on, in minutes: 0 to 10,080 (a week), by default 60.",
        }),
      },
      resolve: async (_root, args, ctx, info) => {
        try {
          return await rotateApiKey(writeContext(ctx, info), args);
        } finally {
          await ctx.apiKeys.forget(args.id);
        }
      },
    }),
  );
}
