import type { Import, ImportError, Prisma } from "../../db/generated/prisma/client.ts";
import { access } from "../../graphql/limits/access.ts";
import {
  forwardArguments,
  forwardConnection,
  forwardPages,
} from "../../graphql/schema/forward-pages.ts";
import type { Context } from "../../graphql/schema/context.ts";
import { listens, openedByServer, type LiveOutcome } from "../../graphql/schema/listening.ts";
import { pageSize } from "../../graphql/schema/page-arguments.ts";
import type { SchemaParts } from "../../graphql/schema/schema-parts.ts";
import { importsVisibleTo } from "../../imports/run/import-service.ts";
import { rowsUnchanged } from "../../imports/run/progress.ts";
import { importPrefix, type Progress } from "../../imports/run/types.ts";
import { formatId, parseId } from "../../lib/id.ts";
import { columnsOf, type ShownColumn } from "./columns.ts";
import { errorsPage, importsPage, type PageAsked } from "./pages.ts";

const reading = access({ reads: ["import"] });
const importId = "Its id, `imp-<uuid>` or the bare UUID.";
const usualPage = 25;

/** A page costs what its items do. */
const paged = access({
  reads: ["import"],
  uses: ["first"],
  cost: ({ first }) => {
    const size = typeof first === "number" && first > 0 ? first : usualPage;
    return { own: size, times: size, paged: size, items: size };
  },
});

/** The types of imports, what can be asked of them, and how one is followed. */
export function declareImport(schema: SchemaParts): void {
  const { builder, catalog } = schema;
  const kinds = catalog.entity("changeEvent").fields["recordType"]?.values ?? null;
  if (kinds === null) throw new Error("events have kinds of records");
  const mode = builder.enumType("ImportMode", {
    description: "What an import does with its rows.",
    values: {
      create: { description: "Each row is a new record." },
      upsert: { description: "A row changes the record that has its key, or is a new one." },
      update: {
        description: "A row changes the record that has its key; without one it is refused.",
      },
    },
  });
  const status = builder.enumType("ImportStatus", {
    description: "How far an import is.",
    values: {
      uploading: { description: "Its file is being sent." },
      waiting: { description: "Its file is there; it begins with `startImport`." },
      queued: { description: "It begins as soon as there is a place for it." },
      running: { description: "Its rows are being written." },
      done: { description: "All of its rows were written or refused." },
      failed: { description: "It has ended before its last row; `statusReason` says why." },
      cancelled: { description: "A caller has ended it; what was written before stays." },
    },
  });

  const column = builder.objectRef<ShownColumn>("ImportColumn").implement({
    description: "A column of a file, and where its cells go.",
    fields: (t) => ({
      column: t.exposeString("column", { description: "As the file's header has it." }),
      field: t.exposeString("field", {
        nullable: true,
        description:
          "What its cells are: a field by its REST name (`email`), a value of another record (`account.name`) or a key of `custom_fields` (`custom_fields.region`). Null when nothing is made of them.",
      }),
      guessed: t.exposeBoolean("guessed", {
        description: "Whether that was guessed from the header.",
      }),
      note: t.exposeString("note", {
        nullable: true,
        description:
          "Why the column has no field, or which field it may be; null if there is no such note.",
      }),
    }),
  });

  const error = builder.prismaObject("ImportError", {
    description: "Why a row of a file was refused. Nothing of the row was written.",
    extensions: reading,
    fields: (t) => ({
      row: t.exposeInt("row", {
        description:
          "The row's number as a spreadsheet shows it: the header is row 1. In JSON Lines the line.",
      }),
      column: t.exposeString("column", {
        nullable: true,
        description: "The column to mend, as the header has it; null if it is the row as a whole.",
      }),
      field: t.exposeString("field", {
        nullable: true,
        description: "The field, by its REST name; null if it is the row as a whole.",
      }),
      code: t.exposeString("code", {
        description:
          "What kind of error it is: `BAD_USER_INPUT`, `NOT_FOUND`, `DUPLICATE` or `CONFLICT`.",
      }),
      message: t.exposeString("message", {
        description: "The error, and how to fix it.",
      }),
    }),
  });
  const errors = forwardPages<ImportError>(schema, error, {
    name: "ImportError",
    of: "an import's errors",
  });

  const one = builder.prismaObject("Import", {
    description:
      "A file that was sent to be imported, and what became of its rows. Files are sent by `POST /api/v1/crm/imports`.",
    extensions: reading,
    fields: (t) => ({
      id: t.id({
        description: "Identifier, `imp-<uuid>`.",
        resolve: ({ id }) => formatId(importPrefix, id),
      }),
      recordType: t.field({
        type: schema.enumRef(kinds),
        description: "What kind of record its rows are.",
        resolve: ({ entity }) => catalog.entity(entity).type,
      }),
      mode: t.expose("mode", { type: mode, description: "What it does with its rows." }),
      key: t.exposeString("key", {
        nullable: true,
        description:
          "The field that a row finds its record by, in REST names; null for the first that the row has, and where all rows are new.",
      }),
      isDryRun: t.exposeBoolean("dryRun", {
        description: "Whether its rows are only tried: nothing is written, and errors are kept.",
      }),
      onError: t.field({
        type: schema.onError(),
        description:
          "`abort`: it ends at the first rows that are refused; chunks of rows before them stay. `continue`: they are left out.",
        resolve: ({ abortOnError }) => (abortOnError ? "abort" : "continue"),
      }),
      options: t.field({
        type: "JSON",
        description:
          "How its cells are read, as it was asked for: forms of days and decimals, value maps, defaults.",
        resolve: ({ options }) => options,
      }),
      fileName: t.exposeString("fileName", {
        nullable: true,
        description: "What the file is called; null if that was not sent.",
      }),
      bytes: t.float({
        description: "The length of the file, in bytes.",
        resolve: ({ bytes }) => Number(bytes),
      }),
      format: t.exposeString("format", {
        nullable: true,
        description: "`csv`, `ndjson` or `json`, as sent or detected; null until it is known.",
      }),
      encoding: t.exposeString("encoding", {
        nullable: true,
        description:
          "Such as `utf-8` or `windows-1252`, as sent or detected; null until it is known.",
      }),
      delimiter: t.exposeString("delimiter", {
        nullable: true,
        description: "What stands between the cells of CSV; null in JSON, and until it is known.",
      }),
      columns: t.field({
        type: [column],
        description: "The columns of the file in their order, and where they go.",
        extensions: access({ reads: ["import"], items: 100 }),
        resolve: (found) => columnsOf(found),
      }),
      status: t.expose("status", { type: status, description: "How far it is." }),
      statusReason: t.exposeString("statusReason", {
        nullable: true,
        description: "Why it waits, failed or was cancelled; null if there is nothing to say.",
      }),
      rows: t.exposeInt("rows", {
        description: "Rows of the file, without its header; it grows while the file is sent.",
      }),
      rowsDone: t.exposeInt("rowsDone", {
        description: "Rows that are done with: written, left as they were, or refused.",
      }),
      rowsCreated: t.exposeInt("rowsCreated", { description: "Rows that are new records." }),
      rowsUpdated: t.exposeInt("rowsUpdated", {
        description: "Rows whose record was there and differed from them: it was changed.",
      }),
      rowsUnchanged: t.int({
        description:
          "Rows whose record was as they say: nothing was written of it, no version and no event.",
        resolve: rowsUnchanged,
      }),
      rowsRefused: t.exposeInt("rowsRefused", {
        description: "Rows that were not written; `errors` says why.",
      }),
      rowsPerSecond: t.float({
        description:
          "Rows done a second in the last half minute, waits included; 0 before the first. Once it has ended: in all of its time.",
        resolve: async (found, _args, ctx) => (await progressOf(found, ctx)).rowsPerSecond,
      }),
      secondsLeft: t.int({
        nullable: true,
        description:
          "About how many seconds it still takes at that speed; 0 once it has ended, null while nobody knows.",
        resolve: async (found, _args, ctx) => (await progressOf(found, ctx)).secondsLeft,
      }),
      createdAt: t.field({
        type: "DateTime",
        description: "When its file began to be sent.",
        resolve: ({ createdAt }) => createdAt,
      }),
      createdBy: t.exposeString("createdBy", {
        description: "Who sent it: a caller's `sub`, an API key's id, or `cli`.",
      }),
      startedAt: t.field({
        type: "DateTime",
        nullable: true,
        description: "When its first row was begun with; null before.",
        resolve: ({ startedAt }) => startedAt,
      }),
      finishedAt: t.field({
        type: "DateTime",
        nullable: true,
        description: "When it ended; null before.",
        resolve: ({ finishedAt }) => finishedAt,
      }),
      errors: t.field({
        type: errors,
        description: "Why rows were refused, in the order of the rows.",
        extensions: paged,
        args: forwardArguments(t, usualPage),
        resolve: async ({ id }, args, { prisma, actor: { tenantId } }) =>
          forwardConnection(await errorsPage(prisma, { tenantId, importId: id }, pageAsked(args))),
      }),
    }),
  });
  const imports = forwardPages<Import>(schema, one, { name: "Import", of: "the imports" });

  builder.queryField("imports", (t) =>
    t.field({
      type: imports,
      nullable: true,
      description: "The tenant's imports, the latest first.",
      extensions: paged,
      args: {
        ...forwardArguments(t, usualPage),
        statuses: t.arg({ type: [status], description: "Only those with these statuses." }),
      },
      resolve: async (_root, { statuses, ...args }, { prisma, actor }) => {
        const where: Prisma.ImportWhereInput = {
          ...importsVisibleTo(actor),
          ...(statuses == null ? {} : { status: { in: [...statuses] } }),
        };
        return forwardConnection(await importsPage(prisma, where, pageAsked(args)));
      },
    }),
  );

  builder.queryField("import", (t) =>
    t.prismaField({
      type: "Import",
      nullable: true,
      description: "An import; null if there is none for this caller.",
      extensions: reading,
      args: { id: t.arg.id({ required: true, description: importId }) },
      resolve: (query, _root, { id }, { prisma, actor }) =>
        prisma.import.findFirst({
          ...query,
          where: { ...importsVisibleTo(actor), id: parseId(importPrefix, id) },
        }),
    }),
  );

  const progress = builder.objectRef<LiveOutcome>("ImportProgress").implement({
    description: "An import that is followed.",
    extensions: reading,
    fields: (t) => ({
      import: t.prismaField({
        type: "Import",
        nullable: true,
        description: "The import as it is when the event is sent; null when it is no longer kept.",
        resolve: (query, { recordId }, _args, { prisma, actor }) =>
          prisma.import.findFirst({
            ...query,
            where: { ...importsVisibleTo(actor), id: recordId },
          }),
      }),
    }),
  });
  builder.subscriptionField("importProgress", (t) =>
    t.field({
      type: progress,
      description:
        "How far an import is: an event at once, and one whenever it has gone on, until it has ended; then the stream is complete. What happens in quick succession is one event. A client that comes again gets the state of then. Errors: NOT_FOUND if there is no such import for this caller.",
      extensions: {
        // Each event reads the import and its speed.
        ...access({ reads: ["import"], cost: () => ({ own: 2, times: 1 }) }),
        ...listens(({ id }) => ({ importId: parseId(importPrefix, String(id)) })),
      },
      args: { id: t.arg.id({ required: true, description: importId }) },
      subscribe: openedByServer,
      resolve: (outcome) => outcome,
    }),
  );
}

/** Which page the arguments ask for. */
function pageAsked(args: {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}): PageAsked {
  return { limit: pageSize({ first: args.first ?? usualPage }).limit, after: args.after ?? null };
}

const progresses = new WeakMap<Import, Promise<Progress>>();

/** The progress of an import, which two of its fields tell. */
function progressOf(found: Import, { imports }: Context): Promise<Progress> {
  const known = progresses.get(found);
  if (known !== undefined) return known;
  const progress = imports.progress(found);
  progresses.set(found, progress);
  return progress;
}
