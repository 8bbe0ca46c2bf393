import { all, always, any, isOneOf, never, not } from "../../lib/sql.ts";
import type { Kind } from "../kind.ts";
import { base } from "./parts/base.ts";
import { asText, plainOperand } from "./parts/operands.ts";
import { asList, filterBy, isNull, sameOperators, type Operator } from "./parts/operators.ts";

/** Records of any kind by their public ids, whose prefix says of which. */
const isAmong =
  (isOne: boolean, isWanted: boolean): Operator["condition"] =>
  (subject, operand, path) => {
    const wanted = new Map<string, string[]>();
    for (const [index, value] of asList(operand).entries()) {
      const at = isOne ? path : [...path, String(index)];
      const { type, uuid } = subject.recordOf(asText(value, at), at);
      wanted.set(type, [...(wanted.get(type) ?? []), uuid]);
    }
    const found = any(
      [...wanted].map(([type, uuids]) =>
        all([isOneOf(subject.value, uuids, subject.sqlType), subject.isOf(type)]),
      ),
    );
    return isWanted ? found : not(found);
  };

const { eq, ne, in: isIn, notIn } = sameOperators(plainOperand);

/** The id of a record of any entity; the field `typed` says of which. */
export const anyReference = {
  ...base,
  name: "anyReference",
  sqlType: "uuid",
  ids: "any",
  scalar: "ID",
  input: null,
  isSortable: false,
  filter: filterBy({
    type: { name: "RecordIdFilter", about: "the id of a record of any kind, with its prefix" },
    scalar: "ID",
    operators: {
      eq: { ...eq, condition: isAmong(true, true) },
      ne: { ...ne, condition: isAmong(true, false) },
      in: { ...isIn, condition: isAmong(false, true) },
      notIn: { ...notIn, condition: isAmong(false, false) },
      isNull: {
        ...isNull.isNull,
        condition: (_subject, operand) => (operand === true ? never : always),
      },
    },
  }),
  parameter: null,
} as const satisfies Kind;
