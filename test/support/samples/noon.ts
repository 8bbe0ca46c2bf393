/** A time zone where it has just turned 12 o'clock, and the day there, which is a tenant's day for as long as tests run. */
export function noon(): { readonly timeZone: string; readonly today: string } {
  const now = new Date();
  const ahead = 12 - now.getUTCHours();
  // The names of these zones have ISO 8601's sign turned round.
  const timeZone = `Etc/GMT${ahead > 0 ? "-" : "+"}${Math.abs(ahead)}`;
  const today = new Date(now.getTime() + ahead * 3_600_000).toISOString().slice(0, 10);
  return { timeZone, today };
}
