import { z } from "zod";
import { idComplaint, idPattern, readId } from "../../lib/id.ts";
import type { Kind } from "../kind.ts";
import { custom } from "./parts/issue.ts";
import { noFigures } from "./parts/base.ts";
import { idLike } from "./parts/id-like.ts";

/** The UUID in an id of the entity with this prefix. */
export function idSchema(prefix: string) {
  return z
    .string(`must be an id: ${prefix}-<uuid> or the bare UUID`)
    .trim()
    .transform((text, context) => {
      const uuid = readId(prefix, text);
      if (uuid === null) {
        context.issues.push(custom(idComplaint(prefix, text), text));
      }
      return uuid;
    })
    .meta({ pattern: idPattern(prefix) });
}

/** The id of a record of one other entity. */
export const reference = {
  ...idLike,
  name: "reference",
  ids: "another",
  figures: { ...noFigures, groups: true },
  input: (_field, prefix) => ({ schema: idSchema(prefix), type: { scalar: "ID" } }),
} as const satisfies Kind;
