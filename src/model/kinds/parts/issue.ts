import type { Complaint } from "../../../lib/messages.ts";

/** An issue of zod's that says what is wrong as data. */
export const custom = (complaint: Complaint, input: unknown) =>
  ({ code: "custom", params: { complaint }, input }) as const;
