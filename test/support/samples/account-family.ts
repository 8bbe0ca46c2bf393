import type { Made, TenantFixtures } from "./fixtures.ts";

/** An account with all that it contains, by entity. */
export type AccountFamily = {
  readonly account: Made;
  readonly contacts: readonly Made[];
  readonly deals: readonly Made[];
  readonly quotes: readonly Made[];
  readonly lineItems: readonly Made[];
  readonly activities: readonly Made[];
};

/** The tables that a family is stored in. */
export const familyTables = [
  "accounts",
  "contacts",
  "deals",
  "quotes",
  "line_items",
  "activities",
] as const;

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** When the activity at this place happened: each a minute after the one before. */
const minuteOf = (place: number): string => new Date(Date.UTC(2026, 0, 1, 0, place)).toISOString();

/**
 * An account with ten descendants for each `size`: two contacts, a deal, two quotes (one on the deal), three line
 * items and two activities (one on the deal), each with a contact. What is derived of them is as the gateway keeps it.
 */
export async function accountFamily(
  tenant: TenantFixtures,
  size: number,
  label: string,
): Promise<AccountFamily> {
  const places = range(size);
  const account = await tenant.account({
    email: `${label}@family.example`,
    lastActivityAt: minuteOf(2 * size - 1),
    firstContactedAt: minuteOf(0),
  });
  const owned = { accountId: account.uuid };
  const contacts = await tenant.makeMany(
    "contact",
    range(2 * size).map((place) => ({
      ...owned,
      lastName: `${label} ${place}`,
      email: `${label}-${place}@family.example`,
      isPrimary: place === 0,
      lastInteractionAt: minuteOf(place),
    })),
  );
  const deals = await tenant.makeMany(
    "deal",
    places.map((place) => ({
      ...owned,
      dealNumber: `DEAL-${label}-${place}`,
      currency: "USD",
      primaryContactId: contacts[place]?.uuid,
    })),
  );
  for (const [place, deal] of deals.slice(0, 3).entries()) {
    await tenant.stakeholder(deal, contacts[place] ?? account);
  }
  const quotes = await tenant.makeMany(
    "quote",
    range(2 * size).map((place) => ({
      ...owned,
      dealId: deals[place]?.uuid ?? null,
      quoteNumber: `Q-${label}-${place}`,
      currency: "USD",
      isPrimary: place < size,
      total: place < size ? "30" : "10",
    })),
  );
  const lineItems = await tenant.makeMany(
    "lineItem",
    // Two for the quote of a deal, one for each other.
    range(3 * size).map((place) => ({
      quoteId: quotes[place % (2 * size)]?.uuid,
      unitPrice: place < 2 * size ? "10" : "20",
      total: place < 2 * size ? "10" : "20",
      currency: "USD",
      position: Math.floor(place / (2 * size)),
    })),
  );
  const activities = await tenant.makeMany(
    "activity",
    range(2 * size).map((place) => ({
      ...owned,
      type: "call",
      dealId: deals[place]?.uuid ?? null,
      contactId: contacts[place]?.uuid,
      occurredAt: minuteOf(place),
    })),
  );
  for (const [place, activity] of activities.entries()) {
    await tenant.participant(activity, contacts[place] ?? account);
  }
  return { account, contacts, deals, quotes, lineItems, activities };
}
