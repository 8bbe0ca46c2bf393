import { idPattern } from "../../lib/id.ts";
import { importPrefix } from "../../imports/run/types.ts";
import type { JsonSchema } from "../../model/kind.ts";
import { importedKinds } from "../../modules/import/settings.ts";
import { closedObject, orNull, type Components } from "./schema.ts";

const text: JsonSchema = { type: "string" };
const whole: JsonSchema = { type: "integer", minimum: 0 };
const moment: JsonSchema = { type: "string", format: "date-time" };

/** What can be imported. */
export const kinds = [...importedKinds.keys()];

/** An import as it is shown. */
export function importSchema(components: Components): JsonSchema {
  const column = components.add("schemas", "ImportColumn", {
    description: "A column of a file, and where its cells go.",
    ...closedObject({
      column: { description: "As the file's header has it.", ...text },
      field: {
        description:
          "A field (`email`), a value of another record (`account.name`) or a key of `custom_fields` (`custom_fields.region`); null when nothing is made of it.",
        ...orNull(text),
      },
      guessed: { description: "Whether that was guessed from the header.", type: "boolean" },
      note: {
        description: "Why the column has no field, or which field it may be.",
        ...orNull(text),
      },
    }),
  });
  return {
    description: "A file that was sent to be imported, and what became of its rows.",
    ...closedObject({
      id: { type: "string", pattern: idPattern(importPrefix) },
      entity: { description: "What its rows are.", type: "string", enum: kinds },
      mode: { description: "What is done with its rows.", type: "string", enum: modes },
      key: {
        description: "What a row's record is found by; null if all are new.",
        ...orNull(text),
      },
      dry_run: { description: "Whether nothing is written.", type: "boolean" },
      on_error: {
        description: "What refused rows do.",
        type: "string",
        enum: ["continue", "abort"],
      },
      file_name: orNull(text),
      bytes: { description: "The length of the file.", ...whole },
      format: { ...orNull({ type: "string", enum: ["csv", "ndjson", "json"] }) },
      encoding: orNull(text),
      delimiter: { description: "Of CSV.", ...orNull(text) },
      columns: { type: "array", items: column },
      unmapped: { description: "The columns that nothing is made of.", type: "array", items: text },
      status: {
        description: "How far it is.",
        type: "string",
        enum: ["uploading", "waiting", "queued", "running", "done", "failed", "cancelled"],
      },
      status_reason: { description: "Why it waits, failed or was cancelled.", ...orNull(text) },
      rows: { description: "Rows of the file, without its header.", ...whole },
      rows_done: { description: "Rows written, left as they were, or refused.", ...whole },
      rows_created: { description: "Rows that are new records.", ...whole },
      rows_updated: {
        description: "Rows whose record was there and differed from them; it was changed.",
        ...whole,
      },
      rows_unchanged: {
        description: "Rows whose record was as they say; nothing was written of it.",
        ...whole,
      },
      rows_refused: { description: "Rows that were not written.", ...whole },
      rows_per_second: { description: "In the last half minute, or in all.", type: "number" },
      seconds_left: { description: "About; null while nobody knows.", ...orNull(whole) },
      created_at: moment,
      created_by: text,
      started_at: orNull(moment),
      finished_at: orNull(moment),
      errors: { description: "The path of its refused rows; null without any.", ...orNull(text) },
    }),
  };
}

/** What is done with rows. */
export const modes = ["create", "upsert", "update"] as const;

/** An import that was just sent. */
export const importExample = {
  id: "imp-01900000-0000-7000-8000-000000000000",
  entity: "contacts",
  mode: "upsert",
  key: "email",
  dry_run: false,
  on_error: "continue",
  file_name: "customers.csv",
  bytes: 48_211,
  format: "csv",
  encoding: "windows-1252",
  delimiter: ";",
  columns: [
    { column: "E-Mail", field: "email", guessed: true, note: null },
    { column: "Firma", field: "account.name", guessed: true, note: null },
  ],
  unmapped: [],
  status: "queued",
  status_reason: null,
  rows: 812,
  rows_done: 0,
  rows_created: 0,
  rows_updated: 0,
  rows_unchanged: 0,
  rows_refused: 0,
  rows_per_second: 0,
  seconds_left: null,
  created_at: "2026-11-29T09:30:00.000Z",
  created_by: "key-01900000-0000-7000-8000-000000000001",
  started_at: null,
  finished_at: null,
  errors: null,
};
