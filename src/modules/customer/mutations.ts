import { access } from "../../graphql/limits/access.ts";
import { mutationCost } from "../../graphql/limits/costs.ts";
import { sentValues, writeContext } from "../../graphql/schema/write-context.ts";
import { ofOutcome } from "../../graphql/schema/payload-source.ts";
import { written, writtenEdge } from "../../graphql/schema/record-node.ts";
import type { WriteResult } from "../../write/draft.ts";
import { only } from "../../write/write-rows.ts";
import { customerInput } from "./inputs.ts";
import { createCustomer } from "./service.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";

const accountOf = ({ id }: WriteResult): string | null => id;
const contactOf = ({ extra }: WriteResult): string | null => extra?.["contact"] ?? null;

const edgeText = (what: string): string =>
  `The ${what} as an edge of lists in their default order, so that a client can add it to one that it shows. Null when nothing was written.`;

/** How customers are written. */
export function declareCustomerMutations(schema: SchemaParts): void {
  const [account, contact] = [schema.catalog.entity("account"), schema.catalog.entity("contact")];

  const payload = schema.builder.objectRef<WriteResult>("CreateCustomerPayload").implement({
    description: "The result: the account and its primary contact, or the errors.",
    fields: (t) => ({
      account: t.field({
        type: schema.nodeRef(account),
        nullable: true,
        description: "The new account; null if nothing was written.",
        ...written(account, accountOf),
      }),
      accountEdge: t.field({
        type: schema.edgeRef(account),
        nullable: true,
        description: edgeText("account"),
        ...writtenEdge(account, accountOf),
      }),
      contact: t.field({
        type: schema.nodeRef(contact),
        nullable: true,
        description: "Its primary contact; null if nothing was written.",
        ...written(contact, contactOf),
      }),
      contactEdge: t.field({
        type: schema.edgeRef(contact),
        nullable: true,
        description: edgeText("contact"),
        ...writtenEdge(contact, contactOf),
      }),
      userErrors: t.field({
        type: [schema.userError()],
        extensions: ofOutcome,
        description: "The errors of the input. Empty if the record was written.",
        resolve: ({ problems }) => [...problems],
      }),
    }),
  });

  schema.builder.mutationField("createCustomer", (t) =>
    t.field({
      extensions: access({ writes: "customer", ...mutationCost }),
      type: payload,
      description:
        "Creates an account with its primary contact in one act; takes the body of the customers API as it is.",
      args: {
        input: t.arg({
          type: schema.inputRef(customerInput),
          required: true,
          description: "The new customer.",
        }),
      },
      resolve: (_root, args, ctx, info) =>
        createCustomer(writeContext(ctx, info, only), sentValues(args.input)),
    }),
  );
}
