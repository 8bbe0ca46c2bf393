/** Every change of accounts, behind a cursor. */
export const query =
  "subscription ($after: String) { changes(after: $after, types: [Account]) { cursor node { recordId operation version } } }";

/** Codes of errors after which the same subscription can be had again, behind the last cursor. */
const passing = ["UNAVAILABLE", "RATE_LIMITED", "SLOW_CONSUMER", "INTERNAL"];

/** Whether an error is for good: a wrong query, a key that works no more, a cursor that is no longer kept. */
export const isOver = (errors) =>
  errors?.some(({ extensions }) => !passing.includes(extensions?.code));

/** Not at once, and not all clients at the same moment. */
export const soon = () =>
  new Promise((resolve) => setTimeout(resolve, 500 + Math.random() * 1_000));
