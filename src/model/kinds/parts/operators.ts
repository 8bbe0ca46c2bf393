import { badInput } from "../../../lib/errors.ts";
import { all, any, param, raw, sql, unknown, type Sql } from "../../../lib/sql.ts";
import type { FieldFacts, FieldFilter, Operand, ScalarType, Subject } from "../../kind.ts";
import { folded, hasPart, partDescriptions, readPart, type PartOperator } from "./part.ts";
import type { OperandReader } from "./operands.ts";

/** One operator of a filter. */
export type Operator = {
  readonly description: string;
  readonly operand: Operand;
  readonly condition: (subject: Subject, operand: unknown, path: readonly string[]) => Sql;
};
export type Operators = Readonly<Record<string, Operator>>;

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** A filter whose operators each say something of the field's value. */
export function filterBy({
  type,
  scalar,
  operators,
  slow = null,
}: {
  readonly type: { readonly name: string; readonly about: string } | FieldFilter["type"];
  readonly scalar: ScalarType | null;
  readonly operators: Operators;
  readonly slow?: string | null;
}): FieldFilter {
  return {
    type: typeof type === "function" ? type : () => type,
    scalar,
    operators,
    isList: false,
    slow,
    condition: (subject, conditions) =>
      all(
        Object.entries(conditions)
          .filter(([, operand]) => operand !== undefined)
          .map(([name, operand]) => {
            const path = [...subject.path, name];
            if (operand === null) return unknown;
            subject.count(asList(operand).length, path);
            const operator = Object.hasOwn(operators, name) ? operators[name] : undefined;
            if (operator === undefined) throw badInput(path, { complaint: "noSuchOperator" });
            return operator.condition(subject, operand, path);
          }),
      ),
  };
}

const sameDescriptions = {
  eq: "Equal to. Null matches nothing; use isNull.",
  ne: "Not equal to. Rows where the field is null do not match.",
  in: "Equal to one of these. An empty list matches nothing.",
  notIn: "Equal to none of these. Rows where the field is null match only an empty list.",
};

/** What stands on the left of a comparison: the value, or what it is compared by. */
export type Left = (subject: Subject) => Sql;
const own: Left = ({ value }) => value;

/** eq, ne, in and notIn. */
export function sameOperators(read: OperandReader, left: Left = own) {
  const one =
    (compare: (left: Sql, right: Sql) => Sql): Operator["condition"] =>
    (subject, operand, path) =>
      compare(left(subject), param(read(operand, subject, path), subject.sqlType));
  const several =
    (compare: (left: Sql, list: Sql) => Sql): Operator["condition"] =>
    (subject, operand, path) => {
      const values = asList(operand).map((value, index) =>
        read(value, subject, [...path, String(index)]),
      );
      return compare(left(subject), param(values, `${subject.sqlType}[]`));
    };
  return {
    eq: {
      description: sameDescriptions.eq,
      operand: "value",
      condition: one((value, right) => sql`${value} = ${right}`),
    },
    ne: {
      description: sameDescriptions.ne,
      operand: "value",
      condition: one((value, right) => sql`${value} <> ${right}`),
    },
    in: {
      description: sameDescriptions.in,
      operand: "values",
      condition: several((value, list) => sql`${value} = ANY (${list})`),
    },
    notIn: {
      description: sameDescriptions.notIn,
      operand: "values",
      condition: several((value, list) => sql`${value} <> ALL (${list})`),
    },
  } satisfies Operators;
}

/** gt, gte, lt and lte. */
export function orderOperators(read: OperandReader, left: Left = own): Operators {
  const operator = (sign: string, description: string): Operator => ({
    description,
    operand: "value",
    condition: (subject, operand, path) =>
      sql`${left(subject)} ${raw(sign)} ${param(read(operand, subject, path), subject.sqlType)}`,
  });
  return {
    gt: operator(">", "Greater than."),
    gte: operator(">=", "Greater than or equal to."),
    lt: operator("<", "Less than."),
    lte: operator("<=", "Less than or equal to."),
  };
}

export const isNull = {
  isNull: {
    description: "Whether the field is null.",
    operand: "flag",
    condition: ({ value }, operand) =>
      operand === true ? sql`${value} IS NULL` : sql`${value} IS NOT NULL`,
  },
} satisfies Operators;

/** Characters of prose that search_text holds. */
const searchedLength = 2_000;
/** Characters of it when it is folded, at most: some letters become several. */
const foldedLength = 6_000;

/** contains, startsWith and endsWith. A host is stored in punycode, and looked for as people type it. */
export function partOperators(hasHost: boolean): Operators {
  const operator = (name: PartOperator): Operator => ({
    description: partDescriptions[name],
    operand: "text",
    condition: (subject, operand, path) => {
      const { value } = subject;
      const part = readPart(operand, path);
      subject.countText(part);
      const isIn = (text: Sql): Sql => hasPart(folded(text), name, part);
      const matches = hasHost
        ? any([isIn(value), isIn(sql`COALESCE(host_unicode(${value}), ${value})`)])
        : isIn(value);
      return searchedFirst(subject, part, matches);
    },
  });
  return {
    contains: operator("contains"),
    startsWith: operator("startsWith"),
    endsWith: operator("endsWith"),
  };
}

/** What is in the field is in search_text, whose trigram index the planner can use; not true of "unknown" under a NOT. */
function searchedFirst(
  { field, value, searchText, negated }: Subject,
  part: string,
  matches: Sql,
): Sql {
  if (field.searched === null || negated) return matches;
  const isSearched = hasPart(searchText, "contains", part);
  if (field.searched === "whole") return all([isSearched, matches]);
  // Of which only the beginning is there; folding the others would be the most of the work.
  return all([
    any([
      isSearched,
      sql`char_length(${value}) > ${raw(String(searchedLength))}`,
      sql`char_length(${searchText}) >= ${raw(String(foldedLength))}`,
    ]),
    matches,
  ]);
}

/** The type of a filter on an enum: `DealStageFilter`. */
export const enumFilterType = ({ values }: FieldFacts) => ({
  name: `${values?.name}Filter`,
  about: `a ${values?.name}`,
});
