import type { Actor } from "../../auth/actor.ts";
import type { Context } from "../../graphql/schema/context.ts";
import { implementEntity } from "../../graphql/schema/entity-type.ts";
import { fieldKey, neededFields } from "../../graphql/schema/selection.ts";
import type { GraphQLResolveInfo } from "graphql";
import type { Row } from "../../query/row.ts";
import { tenant } from "./model.ts";
import { source } from "../../graphql/schema/source.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";

/** The type of tenants, and what can be asked of them. */
export function declareTenant(schema: SchemaParts): void {
  implementEntity(schema, tenant);

  schema.builder.queryField("tenant", (t) =>
    t.field({
      type: schema.nodeRef(tenant),
      extensions: source({ kind: "ownTenant" }),
      description: "The caller's tenant: the root of everything it may see.",
      resolve: (_root, _args, ctx, info) => currentTenant(ctx, info),
    }),
  );

  const actorKind = schema.builder.enumType("ActorKind", {
    description: "What kind of credential was used.",
    values: {
      apiKey: { description: "An API key: another server." },
      user: { description: "A person's token." },
    },
  });

  const actorRef = schema.builder.objectRef<Actor>("Actor").implement({
    description: "Who is calling.",
    fields: (t) => ({
      kind: t.field({
        type: actorKind,
        description: "What kind of credential was used.",
        resolve: (actor) => actor.kind,
      }),
      id: t.exposeID("id", {
        description: "What actor stamps hold: the API key's id or the token's `sub`.",
      }),
      appId: t.exposeString("appId", {
        nullable: true,
        description: "The application the credential was issued for; null for none.",
      }),
    }),
  });

  const viewer = schema.builder.objectRef<Actor>("Viewer").implement({
    description: "The caller, as its credential says.",
    fields: (t) => ({
      actor: t.field({ type: actorRef, description: "Who is calling.", resolve: (actor) => actor }),
      tenant: t.prismaField({
        type: "Tenant",
        description: "The caller's tenant.",
        resolve: (query, { tenantId }, _args, { prisma }) =>
          prisma.tenant.findUniqueOrThrow({ ...query, where: { id: tenantId } }),
      }),
      scopes: t.stringList({
        description: "What the credential may do, e.g. `read:*`.",
        resolve: (actor) => [...actor.scopes],
      }),
    }),
  });

  schema.builder.queryField("viewer", (t) =>
    t.field({
      type: viewer,
      extensions: source({ kind: "viewer" }),
      description: "The caller and its tenant.",
      resolve: (_root, _args, ctx) => ctx.actor,
    }),
  );
}

async function currentTenant(ctx: Context, info: GraphQLResolveInfo): Promise<Row> {
  const request = () => ({
    entity: tenant,
    fields: neededFields(info, tenant, info.fieldNodes),
    includeDeleted: false,
  });
  const row = await ctx.reader.record(fieldKey(info), request, ctx.actor.tenantId);
  if (row === null) throw new Error("the credential's tenant is gone");
  return row;
}
