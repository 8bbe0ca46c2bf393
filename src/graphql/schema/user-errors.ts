import type { InterfaceRef } from "@pothos/core";
import { scopeFor } from "../../auth/permissions.ts";
import { covers } from "../../auth/require-scopes.ts";
import { formatId } from "../../lib/id.ts";
import type { ErrorCode, RecordKey } from "../../lib/refusal.ts";
import { messageOf, recordOf, type Problem } from "../../write/problem.ts";
import type { SchemaTypes } from "./builder.ts";
import type { Context } from "./context.ts";
import { recordNode } from "./record-node.ts";
import type { SchemaParts } from "./schema-parts.ts";

const typeOf: Readonly<Record<Problem["code"], string>> = {
  BAD_USER_INPUT: "ValidationError",
  NOT_FOUND: "NotFoundError",
  CONFLICT: "ConflictError",
  DUPLICATE: "DuplicateError",
};

const meanings: Readonly<Record<ErrorCode, string>> = {
  BAD_USER_INPUT: "Something in the input cannot be used; the message says how to mend it.",
  UNAUTHENTICATED: "The credential is missing or does not work.",
  FORBIDDEN: "The credential lacks a scope.",
  NOT_FOUND: "There is no such record for this caller.",
  CURSOR_EXPIRED:
    "The cursor is older than the log is kept; `oldestCursor` is the oldest that can be gone on from.",
  SLOW_CONSUMER: "The subscriber read too slowly and was ended; `cursor` is where to go on from.",
  CONFLICT: "The record is no longer what the caller read.",
  DUPLICATE: "A live record has the value already.",
  IDEMPOTENCY_KEY_REUSED: "The idempotency key was used for another request.",
  QUERY_TOO_COMPLEX: "The operation asks for too much.",
  RATE_LIMITED: "Too many requests; wait.",
  UNAVAILABLE: "The service cannot answer just now; try again.",
  INTERNAL: "Something went wrong on our side.",
};

/** The record that a problem names, if the caller may read its kind. */
function readable(problem: Problem, { actor }: Context): RecordKey | null {
  const record = recordOf(problem);
  const isReadable = record !== null && covers(actor.scopes, scopeFor("read", record.entity));
  return isReadable ? record : null;
}

/** What a caller got wrong, as data: the interface, and a type for each kind of problem. */
export function makeUserError({ builder }: SchemaParts): InterfaceRef<SchemaTypes, Problem> {
  const errorCode = builder.enumType("ErrorCode", {
    description: "What kind of error it is, the same on every face.",
    values: Object.fromEntries(
      Object.entries(meanings).map(([code, description]) => [code, { description }]),
    ),
  });
  const userError = builder.interfaceRef<Problem>("UserError").implement({
    description:
      "Something that the caller got wrong in a mutation. Nothing of that row was written. All problems are told at once.",
    resolveType: (problem) => typeOf[problem.code],
    fields: (t) => ({
      message: t.string({ description: "The error, and how to fix it.", resolve: messageOf }),
      code: t.field({
        type: errorCode,
        description: "What kind of error it is.",
        resolve: ({ code }) => code,
      }),
      path: t.stringList({
        description:
          'Where in the input, in its own names, e.g. `["line_items", "2", "quantity"]`; list indexes count from 0.',
        resolve: (problem) => [...problem.path],
      }),
    }),
  });

  builder.objectRef<Problem>("ValidationError").implement({
    description: "A value that cannot be used.",
    interfaces: [userError],
  });
  builder.objectRef<Problem>("NotFoundError").implement({
    description:
      "There is no such record for this caller: it never was, is deleted, or is another tenant's.",
    interfaces: [userError],
  });
  builder.objectRef<Problem>("ConflictError").implement({
    description: "The version that was sent is not the current one: somebody changed the record.",
    interfaces: [userError],
    fields: (t) => ({
      current: t.field({
        type: builder.nodeInterfaceRef(),
        nullable: true,
        description: "The record as it is now; null when the caller may not read it.",
        resolve: (problem, _args, ctx, info) => recordNode(readable(problem, ctx), ctx, info),
      }),
    }),
  });
  builder.objectRef<Problem>("DuplicateError").implement({
    description: "A live record of the tenant has the value already.",
    interfaces: [userError],
    fields: (t) => ({
      existingId: t.id({
        nullable: true,
        description: "Id of the record that has it; null when the caller may not see that.",
        resolve: (problem, _args, ctx) => {
          const shown = readable(problem, ctx);
          return shown === null
            ? null
            : formatId(ctx.catalog.entity(shown.entity).prefix, shown.id);
        },
      }),
      existing: t.field({
        type: builder.nodeInterfaceRef(),
        nullable: true,
        description: "The record that has it; null when the caller may not see that.",
        resolve: (problem, _args, ctx, info) => recordNode(readable(problem, ctx), ctx, info),
      }),
    }),
  });
  return userError;
}
