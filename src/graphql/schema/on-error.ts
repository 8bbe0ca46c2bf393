import type { OnError } from "../../write/rules/judge.ts";
import type { Builder } from "./builder.ts";
import type { SchemaParts } from "./schema-parts.ts";

/** The GraphQL enum of what becomes of the good rows of a batch. */
export const makeOnError = (builder: Builder) =>
  builder.enumType("OnError", {
    description: "Whether the valid rows of a call are written if others are refused.",
    values: {
      abort: {
        description:
          "All rows are written, or none; the default. They are judged by the state after the call, so rows can swap unique values.",
      },
      continue: {
        description:
          "The good rows are written, the others are not. They are judged in row order, as if sent one after the other.",
      },
    },
  });

/** The argument of a batch. */
export const onErrorOptions = (schema: SchemaParts) =>
  ({
    type: schema.onError(),
    required: true,
    defaultValue: "abort",
    description: "Whether the valid rows are written if others are refused.",
  }) as const;

/** The enum's values are the words themselves. */
export const policy = (onError: unknown): OnError =>
  onError === "continue" ? "continue" : "abort";
