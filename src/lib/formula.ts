/** A text that a spreadsheet could take for a formula, or that looks as if it had been kept from that. */
export const formula = /^'*[=+\-@\t\r＝＋－＠]/;

/** The text without the apostrophe that keeps a spreadsheet from running it. */
export const withoutGuard = (text: string): string =>
  text.startsWith("'") && formula.test(text) ? text.slice(1) : text;
