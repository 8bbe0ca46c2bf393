import { duplicateFields } from "../../graphql/schema/duplicate-fields.ts";
import { implementEntity } from "../../graphql/schema/entity-type.ts";
import { entityQueries } from "../../graphql/schema/query-fields.ts";
import { accountDuplicates } from "./duplicates.ts";
import { isRecord } from "../../lib/json.ts";
import { account } from "./model.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";

type Address = Readonly<
  Record<"kind" | "line1" | "line2" | "city" | "state" | "postcode" | "country", unknown>
>;

const part = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** The type of accounts, and what can be asked of them. */
export function declareAccount(schema: SchemaParts): void {
  const address = schema.builder.objectRef<Address>("Address").implement({
    description: "A postal address.",
    fields: (t) => ({
      kind: t.string({
        nullable: true,
        description: "What it is for: e.g. `billing`, `shipping`, `office`.",
        resolve: (value) => part(value.kind),
      }),
      line1: t.string({
        nullable: true,
        description: "Street and number.",
        resolve: (value) => part(value.line1),
      }),
      line2: t.string({
        nullable: true,
        description: "Further line.",
        resolve: (value) => part(value.line2),
      }),
      city: t.string({
        nullable: true,
        description: "City.",
        resolve: (value) => part(value.city),
      }),
      state: t.string({
        nullable: true,
        description: "State or region.",
        resolve: (value) => part(value.state),
      }),
      postcode: t.string({
        nullable: true,
        description: "Postal code.",
        resolve: (value) => part(value.postcode),
      }),
      country: t.string({
        nullable: true,
        description: "Country.",
        resolve: (value) => part(value.country),
      }),
    }),
  });

  implementEntity(schema, account, {
    addresses: {
      type: [address],
      source: { kind: "objects", field: "addresses" },
      read: ({ addresses }) => (Array.isArray(addresses) ? addresses.filter(isRecord) : []),
    },
  });
  entityQueries(schema, account);
  duplicateFields(schema, accountDuplicates);
}
