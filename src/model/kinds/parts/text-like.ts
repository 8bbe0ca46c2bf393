import type { Kind } from "../../kind.ts";
import { base, noFigures } from "./base.ts";
import { comparedOperand } from "./operands.ts";
import {
  filterBy,
  isNull,
  orderOperators,
  partOperators,
  sameOperators,
  type Left,
  type Operators,
} from "./operators.ts";
import { textParameter } from "./parameters.ts";

/** What kinds have in common whose values are texts. */
export const textLike = {
  ...base,
  sqlType: "text",
  figures: { ...noFigures, groups: true },
  parameter: textParameter,
} as const satisfies Partial<Kind>;

/** How texts are filtered. */
export function textFilter({
  name,
  about,
  comparedAs = (text) => text,
  comparedByKey = false,
  hasHost = false,
  same,
  slow = null,
}: {
  readonly name: string;
  readonly about: string;
  readonly comparedAs?: (text: string) => string;
  readonly comparedByKey?: boolean;
  readonly hasHost?: boolean;
  /** eq, ne, in and notIn, where they compare in a way of their own. */
  readonly same?: Operators;
  readonly slow?: string | null;
}) {
  const read = comparedOperand(comparedAs);
  const left: Left | undefined = comparedByKey ? ({ key, value }) => key ?? value : undefined;
  return filterBy({
    type: { name, about },
    scalar: "String",
    operators: {
      ...(same ?? sameOperators(read, left)),
      ...orderOperators(read, left),
      ...partOperators(hasHost),
      ...isNull,
    },
    slow,
  });
}
