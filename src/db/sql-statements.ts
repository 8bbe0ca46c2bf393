/** One statement of a text, with the comments in front of it. */
export type SqlStatement = {
  readonly text: string;
  /** Where it begins in the text, in characters as PostgreSQL counts them. */
  readonly start: number;
};

/** What a semicolon can stand in without ending a statement, and what opens or closes such a thing. */
const token = new RegExp(
  [
    String.raw`(?<space>\s+|--[^\n]*)`,
    String.raw`(?<comment>/\*)`,
    String.raw`(?<quoted>e'(?:[^'\\]|\\[^]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*")`,
    String.raw`(?<dollars>\$(?<tag>(?:[a-z_\u0080-\uffff][\w\u0080-\uffff]*)?)\$[^]*?\$\k<tag>\$)`,
    String.raw`(?<block>BEGIN\s+ATOMIC\b)`,
    String.raw`(?<word>[a-z_\u0080-\uffff][\w$\u0080-\uffff]*)`,
    String.raw`(?<other>[^])`,
  ].join("|"),
  "gi",
);

/**
 * Cuts SQL at the semicolons that end statements, as psql does: not in quotes, comments or parentheses, nor in the body of
 * a function that is written with BEGIN ATOMIC.
 */
export function sqlStatements(sql: string): SqlStatement[] {
  const statements: SqlStatement[] = [];
  let begin = 0;
  let isEmpty = true;
  let parentheses = 0;
  /** BEGIN ATOMIC, and the CASEs in it, that have no END yet. */
  let blocks = 0;
  const endAt = (end: number): void => {
    const start = Array.from(sql.slice(0, begin)).length;
    if (!isEmpty) statements.push({ text: sql.slice(begin, end), start });
    begin = end;
    isEmpty = true;
  };
  token.lastIndex = 0;
  for (let match = token.exec(sql); match !== null; match = token.exec(sql)) {
    const { 0: text, groups = {} } = match;
    if (groups["space"] !== undefined) continue;
    if (groups["comment"] !== undefined) {
      token.lastIndex = endOfComment(sql, token.lastIndex);
    } else if (text === ";" && parentheses === 0 && blocks === 0) endAt(token.lastIndex);
    else {
      isEmpty = false;
      const word = text.toUpperCase();
      if (text === "(") parentheses += 1;
      else if (text === ")") parentheses -= 1;
      else if (groups["block"] !== undefined || (blocks > 0 && word === "CASE")) blocks += 1;
      else if (blocks > 0 && word === "END") blocks -= 1;
    }
  }
  endAt(sql.length);
  return statements;
}

/** Comments in comments end before the outer one does. */
function endOfComment(sql: string, from: number): number {
  const bound = /\/\*|\*\//g;
  bound.lastIndex = from;
  for (let depth = 1; depth > 0;) {
    const found = bound.exec(sql);
    if (found === null) return sql.length;
    depth += found[0] === "/*" ? 1 : -1;
  }
  return bound.lastIndex;
}
