import type pg from "pg";

// What the package's own types leave out: how its queries are written, and told what comes back.
declare module "pg" {
  interface Query<R, I> {
    requiresPreparation(): boolean;
    prepare(connection: pg.Connection): void;
    handleDataRow(message: { readonly fields: (string | null)[] }): void;
    handleCommandComplete(message: unknown, connection: pg.Connection): void;
    handleError(error: unknown, connection: pg.Connection): void;
  }
}
