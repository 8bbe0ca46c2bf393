/** Runs a statement as the tables' owner, over all tenants. */
export type OwnerRows = (
  text: string,
  values: readonly unknown[],
) => Promise<readonly Readonly<Record<string, unknown>>[]>;
