import type { Entity } from "./entity.ts";
import type { Field } from "./field.ts";
import { kinds } from "./kinds/index.ts";

/** What can be computed of a field over many rows. */
export const figureNames = ["sum", "avg", "min", "max"] as const;
export type FigureName = (typeof figureNames)[number];

/** The periods that days and instants are gathered into; weeks begin on Monday (ISO 8601). */
export const dateParts = {
  day: { description: "Each day." },
  week: { description: "Weeks from Monday to Sunday (ISO 8601)." },
  month: { description: "Calendar months." },
  quarter: { description: "Calendar quarters: from January, April, July and October." },
  year: { description: "Calendar years." },
};
export type DatePart = keyof typeof dateParts;

/** Whether the field is money in the row's currency. */
export function isMoney({ measure }: Field): boolean {
  return typeof measure === "object";
}

/** Whether the field holds days or instants, which groups gather into periods. */
export function isTime({ kind }: Field): boolean {
  return kind.figures.periods !== null;
}

/** The fields that have sums and averages. */
export function addable(entity: Entity): [string, Field][] {
  return Object.entries(entity.fields).filter(
    ([, { kind, measure }]) => kind.figures.adds && measure !== "none",
  );
}

/** The fields that have a least and a greatest value. */
export function comparable(entity: Entity): [string, Field][] {
  return Object.entries(entity.fields).filter(
    ([, { kind, measure }]) => kind.figures.compares && measure !== "none",
  );
}

/** The fields that groups can be made by. The tenant is the same for all that anybody sees. */
export function groupable(entity: Entity): [string, Field][] {
  return Object.entries(entity.fields).filter(
    ([name, { kind, form }]) => kind.figures.groups && form !== "prose" && name !== "tenantId",
  );
}

/** The field with the currency of an entity's money; null when it has none. */
export function currencyField(entity: Entity): string | null {
  const named = new Set(
    Object.values(entity.fields).flatMap(({ measure }) =>
      typeof measure === "object" ? [measure.currency] : [],
    ),
  );
  const [only = null, ...others] = named;
  if (others.length > 0 || (only !== null && entity.fields[only]?.kind !== kinds.currency)) {
    throw new Error(`${entity.name}: all its money is in one field's currency`);
  }
  return only;
}
