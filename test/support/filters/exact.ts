/** Decimals in whole ten-thousandths, as nothing rounds them. */
function tenThousandths(text: string): bigint {
  const [integer = "0", fraction = ""] = text.replace("-", "").split(".");
  const amount = BigInt(integer) * 10_000n + BigInt(fraction.padEnd(4, "0"));
  return text.startsWith("-") ? -amount : amount;
}

/** The canonical text of so many ten-thousandths. */
export function decimalOf(amount: bigint): string {
  const digits = String(amount < 0n ? -amount : amount).padStart(5, "0");
  const text = `${digits.slice(0, -4)}.${digits.slice(-4)}`.replace(/\.?0+$/, "");
  return amount < 0n && text !== "0" ? `-${text}` : text;
}

export function sumOf(values: readonly string[]): string {
  return decimalOf(values.reduce((sum, value) => sum + tenThousandths(value), 0n));
}

/** The average, rounded half away from zero to 4 digits. */
export function averageOf(values: readonly string[]): string {
  const sum = values.reduce((total, value) => total + tenThousandths(value), 0n);
  const count = BigInt(values.length);
  const size = sum < 0n ? -sum : sum;
  const rounded = (size * 2n + count) / (count * 2n);
  return decimalOf(sum < 0n ? -rounded : rounded);
}
