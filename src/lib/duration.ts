const milliseconds: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of a duration as operators write it: `500ms`, `30s`, `60m` or `60min`, `12h`, `90d`; null for any other text. */
export function readDuration(text: string): number | null {
  const [, amount, unit] = /^(\d{1,6})(ms|s|m|min|h|d)$/.exec(text) ?? [];
  return unit === undefined ? null : Number(amount) * (milliseconds[unit] ?? 0);
}
