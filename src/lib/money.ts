/** A decimal of up to 4 places as a whole number of ten-thousandths. */
export type TenThousandths = bigint;

const whole = 10_000n;

/** The decimal's text without needless zeros: 105000n is `10.5`. */
export function decimalText(amount: TenThousandths): string {
  const fraction = amount % whole;
  if (fraction === 0n) return String(amount / whole);
  return `${amount / whole}.${String(fraction).padStart(4, "0").replace(/0+$/, "")}`;
}

/** The decimal in canonical text (`10.5`) as ten-thousandths. */
export function tenThousandths(text: string): TenThousandths {
  const negative = text.startsWith("-");
  const [integer = "0", fraction = ""] = (negative ? text.slice(1) : text).split(".");
  const amount = BigInt(integer) * whole + BigInt(fraction.padEnd(4, "0"));
  return negative ? -amount : amount;
}

/** Whether the amount fits a column of 15 integer and 4 fraction digits. */
export function fitsMoney(amount: TenThousandths): boolean {
  return amount < 10n ** 19n && amount > -(10n ** 19n);
}

/** The numbers of a line item, in ten-thousandths. */
export type Line = {
  readonly quantity: TenThousandths;
  readonly unitPrice: TenThousandths;
  readonly discount: TenThousandths;
  readonly discountType: "amount" | "percent";
};

/**
 * Total of a line item: quantity × unit price − discount, rounded half up to 4 places, never below
 * 0. A percentage is of quantity × unit price. All in ten-thousandths; nothing is rounded before.
 */
export function lineTotal(line: Line): TenThousandths {
  const gross = line.quantity * line.unitPrice;
  if (line.discountType === "percent") {
    const hundredPercent = 100n * whole;
    return roundHalfUp(gross * (hundredPercent - line.discount), whole * hundredPercent);
  }
  return roundHalfUp(gross - line.discount * whole, whole);
}

function roundHalfUp(amount: bigint, unit: bigint): bigint {
  return amount <= 0n ? 0n : (amount + unit / 2n) / unit;
}
