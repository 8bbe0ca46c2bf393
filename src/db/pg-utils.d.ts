// Types that the package `pg` lacks.
declare module "pg/lib/utils.js" {
  const utils: {
    /** A value as PostgreSQL reads it: lists in braces, objects as JSON. */
    prepareValue(this: void, value: unknown): string | Buffer | null;
  };
  export default utils;
}
