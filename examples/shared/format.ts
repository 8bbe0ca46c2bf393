/** The stages of a deal, as columns of the board. */
export const stages = [
  "lead",
  "qualified",
  "proposal",
  "negotiation",
  "closed_won",
  "closed_lost",
] as const;

/** The stage that needs a reason, and a category of it. Any text is one, unless the tenant has a strict list. */
export const lost = "closed_lost";
export const lossCategories = ["price", "competitor", "timing", "no decision"] as const;

/** `closed_won` → `Closed won`. */
export function words(name: string): string {
  const text = name.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** An amount in its currency. A Decimal is text, and Intl formats all of its digits. */
export function money(amount: string | null | undefined, currency: string): string {
  if (amount == null) return "–";
  const format = new Intl.NumberFormat("en", {
    style: "currency",
    currency,
    maximumFractionDigits: 2,
  });
  return format.format(amount as Intl.StringNumericLiteral);
}

/** A Date or a DateTime as a day. */
export function day(date: string | null | undefined): string {
  if (date == null) return "–";
  return new Date(date).toLocaleDateString("en", { dateStyle: "medium", timeZone: "UTC" });
}
