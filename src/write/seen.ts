import type { Stored, Values } from "../model/record.ts";

/** A record that is to be changed, as it was before it was locked, and what was sent. */
export type Seen = { readonly record: Stored; readonly sent: Values };

/** Whether another record is named than before. */
export const isMoved = (key: string, { record, sent }: Seen): boolean =>
  sent[key] !== undefined && sent[key] !== record[key];
