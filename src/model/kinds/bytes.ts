import type { Kind } from "../kind.ts";
import { base } from "./parts/base.ts";

/** Bytes of the gateway's own, such as a hash; nobody sees them. */
export const bytes = {
  ...base,
  name: "bytes",
  sqlType: "bytea",
  scalar: null,
  input: null,
  isSortable: false,
  filter: null,
  parameter: null,
} as const satisfies Kind;
