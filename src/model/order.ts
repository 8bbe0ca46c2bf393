/** One term of an order: a field, and which way. */
export type OrderTerm<Field extends string = string> = {
  readonly field: Field;
  readonly direction: OrderDirection;
};
export type OrderDirection =
  | "asc"
  | "desc"
  | "asc_nulls_first"
  | "asc_nulls_last"
  | "desc_nulls_first"
  | "desc_nulls_last";
