import { isRecord } from "../../../lib/json.ts";

/** Whether a value says nothing: null, an empty text, list or object. */
export const isEmpty = (value: unknown): boolean =>
  value == null ||
  value === "" ||
  (Array.isArray(value) && value.length === 0) ||
  (isRecord(value) && Object.keys(value).length === 0);
