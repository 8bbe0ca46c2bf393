import type { Manner } from "../../../src/imports/read/types.ts";
import type { ImportOptions } from "../../../src/imports/run/types.ts";

/** How cells are read unless something else is said. */
export const usualManner: Manner = {
  dates: null,
  decimals: null,
  country: null,
  timeZone: "UTC",
  values: {},
  defaults: {},
  empty: "skip",
};

/** New contacts, as an import makes them unless something else is said. */
export const usualOptions: ImportOptions = {
  entity: "contact",
  mode: "create",
  key: null,
  onError: "continue",
  dryRun: false,
  unmapped: "wait",
  map: {},
  file: {},
  manner: usualManner,
  createMissing: [],
};
