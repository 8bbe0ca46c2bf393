import { idComplaint, idPattern, readId } from "../../../lib/id.ts";
import { raw, sql } from "../../../lib/sql.ts";
import type { Kind } from "../../kind.ts";
import { base } from "./base.ts";
import { idOperand } from "./operands.ts";
import { filterBy, isNull, sameOperators } from "./operators.ts";
import { parameter, same } from "./parameters.ts";

const lowerUuid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$";

/** What kinds have in common whose values are the ids of one entity's records. */
export const idLike = {
  ...base,
  sqlType: "uuid",
  scalar: "ID",
  printer: ({ ids }, prefix) => {
    const start = ids === "prefixed" ? `"${prefix}-` : `"`;
    return (cell) => `${start}${cell}"`;
  },
  printedSql: (value, { ids }, prefix) =>
    ids === "bare" ? value : sql`${raw(`'${prefix}-' || `)}${value}`,
  printedAs: () => "plain",
  schema: (_field, { ids }, { prefix }) =>
    ids === "bare"
      ? { type: "string", format: "uuid" }
      : { type: "string", pattern: `^${prefix}-${lowerUuid}` },
  filter: filterBy({
    type: { name: "IdFilter", about: "an id: `<prefix>-<uuid>` or the bare UUID" },
    scalar: "ID",
    operators: { ...sameOperators(idOperand), ...isNull },
  }),
  parameter: {
    ...parameter(same, "", {}, (text, _field, { prefix }) =>
      readId(prefix, text) === null ? { complaint: idComplaint(prefix, text) } : { value: text },
    ),
    values: (_field, { type, prefix }) => ({
      name: `${type}Id`,
      schema: { type: "string", pattern: idPattern(prefix) },
    }),
  },
} as const satisfies Partial<Kind>;
