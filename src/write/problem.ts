/** A record as it is named between the layers. */
export type RecordKey = { readonly entity: string; readonly id: string };

/** What a caller got wrong in one row of a mutation; told as data (`userErrors`), never thrown to the top. */
export type Problem = {
  readonly kind: "invalid" | "notFound" | "conflict" | "duplicate";
  /** Where in the input, in REST names: `["line_items", "2", "quantity"]`. */
  readonly path: readonly string[];
  readonly message: string;
  /** For a conflict the record as it is now, for a duplicate the one that has the value, if the caller may see it. */
  readonly record: RecordKey | null;
};

/** A message that goes on where the field's name ends becomes a sentence with it. */
function sentence(path: readonly string[], message: string): string {
  return /^[a-z]/.test(message) ? `${path.join(".")} ${message}` : message;
}

/** A value that cannot be used; the message says how to mend it. */
export const invalid = (path: readonly string[], message: string): Problem => ({
  kind: "invalid",
  path,
  message: sentence(path, message),
  record: null,
});

/** The message as a sentence takes it: without the place in front. */
export function withoutPlace({ path, message }: Problem): string {
  const place = `${path.join(".")} `;
  return message.startsWith(place) ? message.slice(place.length) : message;
}

/** No such record for this caller, whatever the reason. */
export const notFound = (path: readonly string[], type: string): Problem => ({
  kind: "notFound",
  path,
  message: `There is no such ${type}.`,
  record: null,
});

/** The record is no longer what the caller read. */
export const conflict = (path: readonly string[], message: string, record: RecordKey): Problem => ({
  kind: "conflict",
  path,
  message: sentence(path, message),
  record,
});

/** A live record has the value already. */
export const duplicate = (
  path: readonly string[],
  message: string,
  record: RecordKey | null,
): Problem => ({ kind: "duplicate", path, message: sentence(path, message), record });
