/**
 * What is more work for the database than a record that could be returned, which is the unit; weighed by the time that
 * both take on 200,000 rows of a tenant (docs/decisions.md).
 */
export const weights = {
  /** Counting all that a list matches: of one parent, of the tenant. */
  count: { edge: 1, root: 100 },
  /** An aggregate over one parent's records, over the tenant's; and the same in groups. */
  aggregate: { edge: 2, root: 2_000 },
  groups: { edge: 10, root: 5_000 },
  /** Likely duplicates of one record, and a page of pairs of them. */
  duplicates: 200,
  pairs: 5_000,
  search: 100,
  mutation: 10,
  merge: 500,
} as const;
