import type pg from "pg";

// What the package's own types leave out, or have otherwise: how its queries are written, and told what comes back.
declare module "pg" {
  interface Connection {
    bind(
      config: {
        readonly portal: string;
        readonly statement: string;
        /** Whether all columns come as PostgreSQL's binary form of them. */
        readonly binary: boolean;
        readonly values: readonly (string | Buffer | null)[];
      },
      more: boolean,
    ): void;
    execute(config: { readonly portal: string; readonly rows: number }, more: boolean): void;
  }
  interface Query<R, I> {
    requiresPreparation(): boolean;
    prepare(connection: pg.Connection): void;
    handleDataRow(message: { readonly fields: (string | null)[] }): void;
    handleCommandComplete(message: unknown, connection: pg.Connection): void;
    handleError(error: unknown, connection: pg.Connection): void;
  }
}
