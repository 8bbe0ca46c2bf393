import { z } from "zod";
import { wordsOf } from "../../lib/messages.ts";
import { all, isOneOf, param, sql } from "../../lib/sql.ts";
import type { EnumDefinition, FieldFacts, Kind } from "../kind.ts";
import { base, noFigures } from "./parts/base.ts";
import { plainOperand } from "./parts/operands.ts";
import { namedValue } from "./parts/plain-text.ts";
import {
  enumFilterType,
  filterBy,
  isNull,
  sameOperators,
  type Operator,
} from "./parts/operators.ts";
import { parameter, same } from "./parts/parameters.ts";

function valuesOf({ values }: FieldFacts): EnumDefinition {
  if (values === null) throw new Error("an enum needs its values");
  return values;
}
const namesOf = (field: FieldFacts): string[] => Object.keys(valuesOf(field).values);

const { eq, ...others } = sameOperators(plainOperand);

/** Of a derived value, also what the column itself must hold: plain, so that an index on it can be used. */
const equals: Operator["condition"] = (subject, operand, path) => {
  const { field, value, column, sqlType, negated } = subject;
  const compared = sql`${value} = ${param(plainOperand(operand, subject, path), sqlType)}`;
  const stored = field.stored?.[String(operand)];
  return stored === undefined || negated
    ? compared
    : all([isOneOf(column, stored, sqlType), compared]);
};

/** One of the values of an enum. */
export const enumeration = {
  ...base,
  name: "enum",
  sqlType: "text",
  scalar: null,
  printedAs: () => "plain",
  schema: (field) => ({ type: "string", enum: namesOf(field) }),
  figures: { ...noFigures, groups: true },
  fromText: (text, _manner, field) => ({ value: namedValue(text, namesOf(field)) ?? text }),
  input: (field) => {
    const names = namesOf(field);
    return {
      schema: z.enum(names, wordsOf({ complaint: "notOneOf", names })),
      type: { enum: valuesOf(field) },
    };
  },
  filter: filterBy({
    type: enumFilterType,
    scalar: null,
    operators: { eq: { ...eq, condition: equals }, ...others, ...isNull },
  }),
  parameter: {
    ...parameter(same, "", {}, (text, field) => {
      const names = namesOf(field);
      return names.includes(text)
        ? { value: text }
        : { complaint: { complaint: "notOneOf", names } };
    }),
    values: (field) => {
      const { name, description } = valuesOf(field);
      return { name, schema: { description, type: "string", enum: namesOf(field) } };
    },
  },
} as const satisfies Kind;
