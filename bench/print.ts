/** Reports progress on standard error. */
export const say = (text: string): void => void process.stderr.write(`${text}\n`);

export const whole = (value: number): string => Math.round(value).toLocaleString("en");
export const two = (value: number): string => value.toFixed(2);
export const megabytes = (bytes: number): string => `${whole(bytes / 2 ** 20)} MB`;

/** A row of a Markdown table. */
export const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

/** A Markdown table's head: the names of its columns, and the line below them. */
export const head = (names: readonly string[]): string =>
  [names, names.map(() => "---")].map(row).join("\n");
