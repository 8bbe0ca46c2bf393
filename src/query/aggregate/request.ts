import type { FigureName } from "../../model/measure.ts";
import type { OrderDirection } from "../../model/order.ts";
import type { RowsRequest } from "../page.ts";
import type { GroupTerm } from "./answer.ts";
import type { Figure } from "./figure.ts";

/** What groups are put in order by. Of money, only the amounts in one currency are compared. */
export type GroupOrder = { readonly direction: OrderDirection } & (
  | { readonly by: "count" }
  | { readonly by: "key"; readonly field: string }
  | { readonly by: FigureName; readonly field: string; readonly currency: string | null }
);

/** The requested figures, over all rows and over groups of them. */
export type AggregateRequest = RowsRequest & {
  /** Over all rows; null when nothing of it was asked for. */
  readonly total: { readonly figures: readonly Figure[]; readonly groupCount: boolean } | null;
  /** Over each group; null when no groups were asked for. */
  readonly groups: {
    readonly figures: readonly Figure[];
    readonly order: readonly GroupOrder[];
    readonly limit: number;
  } | null;
  /** Empty: there are no groups. */
  readonly groupBy: readonly GroupTerm[];
};
