/** A piece of SQL with its parameters. Pieces nest; numbers are given out only when the statement is rendered. */
export type Sql = {
  readonly parts: readonly string[];
  readonly values: readonly SqlValue[];
  /** Of a condition: what it may come out as, if not everything. */
  readonly may?: Outcomes;
};
/** What a condition may come out as; beside these it may be unknown. */
type Outcomes = { readonly hold: boolean; readonly fail: boolean };
type SqlValue = Sql | Parameter;
type Parameter = { readonly parameter: unknown; readonly type: string };

function isSql(value: SqlValue): value is Sql {
  return "parts" in value;
}

/** Template tag: every `${}` is another piece or a parameter, never text. */
export function sql(strings: TemplateStringsArray, ...values: SqlValue[]): Sql {
  return { parts: strings, values };
}

/** Trusted SQL text: names and keywords that come from the models, never from a caller. */
export function raw(text: string): Sql {
  return { parts: [text], values: [] };
}

/** A parameter, cast to a PostgreSQL type. */
export function param(parameter: unknown, type: string): Sql {
  return { parts: ["", ""], values: [{ parameter, type }] };
}

/**
 * The column has one of these values. One alone is compared with `=`: a prepared statement's plan for whatever values
 * takes a list for ten.
 */
export function isOneOf(column: Sql, values: readonly unknown[], type: string): Sql {
  return values.length === 1
    ? sql`${column} = ${param(values[0], type)}`
    : sql`${column} = ANY (${param(values, `${type}[]`)})`;
}

/** A quoted name. */
export function name(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

/** The pieces with a separator between them. */
export function join(pieces: readonly Sql[], separator: string): Sql {
  const parts = pieces.map((_, index) => (index === 0 ? "" : separator));
  return { parts: [...parts, ""], values: pieces };
}

/**
 * Conditions that are constant. They are folded here: Citus cannot tell the shard of a table in EXISTS once PostgreSQL has
 * folded its condition.
 */
export const always: Sql = { ...raw("TRUE"), may: { hold: true, fail: false } };
export const never: Sql = { ...raw("FALSE"), may: { hold: false, fail: true } };
/** A comparison with null is neither true nor false: it matches nothing, and neither does its opposite. */
export const unknown: Sql = { ...raw("NULL::boolean"), may: { hold: false, fail: false } };

const mayBeAnything: Outcomes = { hold: true, fail: true };
const mayHold = ({ may = mayBeAnything }: Sql): boolean => may.hold;
const mayFail = ({ may = mayBeAnything }: Sql): boolean => may.fail;

export function all(pieces: readonly Sql[]): Sql {
  if (pieces.includes(never)) return never;
  const may = { hold: pieces.every(mayHold), fail: pieces.some(mayFail) };
  return combine(pieces, " AND ", always, may);
}

export function any(pieces: readonly Sql[]): Sql {
  if (pieces.includes(always)) return always;
  const may = { hold: pieces.some(mayHold), fail: pieces.every(mayFail) };
  return combine(pieces, " OR ", never, may);
}

export function not(condition: Sql): Sql {
  if (condition === always) return never;
  if (condition === never) return always;
  if (condition === unknown) return unknown;
  return {
    ...sql`NOT (${condition})`,
    may: { hold: mayFail(condition), fail: mayHold(condition) },
  };
}

/** The condition where the unknown counts as false, as in WHERE: that of one that cannot hold is `never`. */
export const where = (condition: Sql): Sql => (mayHold(condition) ? condition : never);

/** Joins conditions without those that change nothing. */
function combine(pieces: readonly Sql[], operator: string, neutral: Sql, may: Outcomes): Sql {
  const telling = pieces.filter((piece) => piece !== neutral);
  const [first] = telling;
  if (first === undefined) return neutral;
  if (!may.hold && !may.fail) return unknown;
  if (telling.length === 1) return first;
  const joined = sql`(${join(telling, operator)})`;
  return may.hold && may.fail ? joined : { ...joined, may };
}

export type Statement = { readonly text: string; readonly values: unknown[] };

/** Numbers the parameters; the same parameter object used twice keeps one number. */
export function render(piece: Sql): Statement {
  const values: unknown[] = [];
  const numbers = new Map<Parameter, number>();
  let text = "";
  const write = (current: Sql): void => {
    for (const [index, part] of current.parts.entries()) {
      text += part;
      const value = current.values[index];
      if (value === undefined) continue;
      if (isSql(value)) {
        write(value);
      } else {
        let number = numbers.get(value);
        if (number === undefined) {
          number = values.push(value.parameter);
          numbers.set(value, number);
        }
        text += `$${number}::${value.type}`;
      }
    }
  };
  write(piece);
  return { text, values };
}
