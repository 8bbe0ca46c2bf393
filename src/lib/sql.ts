/** A piece of SQL with its parameters. Pieces nest; numbers are given out only when the statement is rendered. */
export type Sql = { readonly parts: readonly string[]; readonly values: readonly SqlValue[] };
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

export const all = (pieces: readonly Sql[]): Sql => combine(pieces, " AND ", "TRUE");
export const any = (pieces: readonly Sql[]): Sql => combine(pieces, " OR ", "FALSE");

function combine(pieces: readonly Sql[], operator: string, empty: string): Sql {
  const [first] = pieces;
  if (first === undefined) return raw(empty);
  return pieces.length === 1 ? first : sql`(${join(pieces, operator)})`;
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
