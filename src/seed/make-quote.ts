import { arrayText } from "./copy-text.ts";
import { type MadeAccount, makeDeletion } from "./make-account.ts";
import { currencyOf, type MadeDeal } from "./make-deal.ts";
import { decimalText, lineTotal, type TenThousandths } from "../lib/money.ts";
import type { Row } from "./tables.ts";
import { contractTerms, products, quoteNotes, quoteTags } from "./words-business.ts";
import {
  day,
  dayOf,
  type Deletion,
  hour,
  momentBetween,
  newId,
  stampsOf,
  type World,
} from "./world.ts";

/** A quote with its line items. */
export type MadeQuote = {
  createdAt: number;
  row: Row<"quotes">;
  lineItems: Row<"line_items">[];
};

type Status = "draft" | "sent" | "accepted" | "rejected" | "expired";

const openStatuses: readonly (readonly [Status, number])[] = [
  ["draft", 25],
  ["sent", 55],
  ["rejected", 10],
  ["expired", 10],
];
const lostStatuses: readonly (readonly [Status, number])[] = [
  ["rejected", 60],
  ["expired", 25],
  ["sent", 15],
];

/** The quotes for a deal: none before it came to a proposal, at most three, at most one primary. */
export function makeDealQuotes(world: World, account: MadeAccount, deal: MadeDeal): MadeQuote[] {
  const { random } = world;
  if (deal.gone || deal.proposedAt === null) return [];
  const count = random.weighted([
    [0, 25],
    [1, 45],
    [2, 20],
    [3, 10],
  ]);
  const primaryAt = random.chance(0.9) ? 0 : -1;
  const quotes: MadeQuote[] = [];
  for (let position = 0; position < count; position += 1) {
    const isPrimary = position === primaryAt;
    const times = { from: deal.proposedAt, to: deal.decidedAt };
    quotes.push(makeQuote(world, account, { deal, ...times, isPrimary }));
  }
  const [primary] = quotes;
  // What the deal is worth is mostly what was quoted.
  if (primary?.row.is_primary === true && random.chance(0.7)) deal.row.value = primary.row.total;
  return quotes;
}

/** Now and then a quote that hangs on the account alone. */
export function makeAccountQuotes(world: World, account: MadeAccount): MadeQuote[] {
  if (!world.random.chance(0.08)) return [];
  const { createdAt: from, until } = account;
  return [makeQuote(world, account, { deal: null, from, to: until, isPrimary: false })];
}

function makeQuote(
  world: World,
  account: MadeAccount,
  made: {
    deal: MadeDeal | null;
    /** Made and issued between these. */
    from: number;
    to: number;
    isPrimary: boolean;
  },
): MadeQuote {
  const { random, anchor } = world;
  const { deal } = made;
  const createdAt = momentBetween(random, made.from, made.to - hour);
  const id = newId(world, createdAt);
  const container = deal?.deletion ?? account.deletion;
  const gone =
    container === null && !made.isPrimary && createdAt < anchor - 3 * day && random.chance(0.05);
  const deletion = gone ? makeDeletion(world, createdAt) : container;
  const issuedAt = momentBetween(
    random,
    createdAt,
    Math.min(createdAt + 6 * day, gone ? (deletion?.at ?? made.to) : made.to),
  );
  const validUntil = issuedAt + random.pick([30, 60, 90]) * day;
  const status = statusOf(world, {
    deal,
    isPrimary: made.isPrimary,
    past: validUntil < anchor - day,
  });
  const currency = deal === null ? currencyOf(world) : String(deal.row.currency);
  const ownerId = String(deal?.row.owner_id ?? account.ownerId);
  const lineCount = random.chance(0.05) ? 0 : 1 + random.tail(3.5, 2.2, 5);
  const lines = Array.from({ length: lineCount }, (_, position) =>
    makeLineItem(world, { id, position, currency, createdAt, ownerId, deletion }),
  );
  const sum = lines.reduce((before, { total }) => before + total, 0n);
  // Without line items the total is what somebody gave, or nothing.
  const given = random.chance(0.8) ? String(random.between(5, 900) * 100) : null;
  const row: Row<"quotes"> = {
    id,
    account_id: account.id,
    deal_id: deal?.id ?? null,
    name: random.chance(0.9) ? `${deal?.label ?? "Price list"} for ${account.label}` : null,
    quote_number: "",
    owner_id: ownerId,
    currency,
    status,
    date_issued: status === "draft" ? null : dayOf(issuedAt),
    validity_date: status === "draft" && random.chance(0.5) ? null : dayOf(validUntil),
    contract_duration: random.maybe(0.7, contractTerms),
    is_primary: made.isPrimary,
    notes: random.maybe(0.25, quoteNotes),
    total: lineCount > 0 ? decimalText(sum) : given,
    tags: arrayText(random.some(random.tail(0.4, 1.8, 3), quoteTags)),
    custom_fields: random.chance(0.1)
      ? JSON.stringify({ approval: { level: random.between(1, 3) } })
      : "{}",
    ...stampsOf(world, { createdAt, by: ownerId, deletion }),
  };
  return { createdAt, row, lineItems: lines.map((line) => line.row) };
}

function statusOf(
  { random }: World,
  quote: { deal: MadeDeal | null; isPrimary: boolean; past: boolean },
): Status {
  const stage = quote.deal?.stage;
  if (stage === "closed_won" && quote.isPrimary) return "accepted";
  const wanted = random.weighted(
    stage === "closed_won" || stage === "closed_lost" ? lostStatuses : openStatuses,
  );
  // One whose last day has passed may still be stored as sent: it reads as expired anyway.
  return wanted === "expired" && !quote.past ? "sent" : wanted;
}

function makeLineItem(
  world: World,
  made: {
    id: string;
    position: number;
    currency: string;
    createdAt: number;
    ownerId: string;
    deletion: Deletion | null;
  },
): { row: Row<"line_items">; total: TenThousandths } {
  const { random } = world;
  const [description, listPrice, divisible] = random.pick(products);
  const quantity = BigInt(divisible ? partsOf(world) : 10_000 * (1 + random.tail(6, 1.4, 240)));
  // Most prices are the list's; some were negotiated down to odd fractions.
  const unitPrice = random.chance(0.7)
    ? listPrice
    : (listPrice * BigInt(random.between(701, 999))) / 1000n;
  const discountType = random.chance(0.85) ? "amount" : "percent";
  const discount = discountOf(world, discountType, quantity * unitPrice);
  const total = lineTotal({ quantity, unitPrice, discount, discountType });
  const row: Row<"line_items"> = {
    id: newId(world, made.createdAt),
    quote_id: made.id,
    description: random.chance(0.98) ? description : null,
    quantity: decimalText(quantity),
    unit_price: decimalText(unitPrice),
    discount: decimalText(discount),
    discount_type: discountType,
    total: decimalText(total),
    currency: made.currency,
    position: made.position,
    ...stampsOf(world, { createdAt: made.createdAt, by: made.ownerId, deletion: made.deletion }),
  };
  return { row, total };
}

/** Quarters of a unit, now and then an odd part. */
function partsOf({ random }: World): number {
  return random.chance(0.9) ? random.between(1, 160) * 2_500 : random.between(2_500, 400_000);
}

function discountOf({ random }: World, type: "amount" | "percent", gross: bigint): TenThousandths {
  if (type === "percent") return BigInt(random.pick([25_000, 50_000, 100_000, 125_000, 333_333]));
  if (random.chance(0.75)) return 0n;
  // Rarely more than the line is worth: a goodwill line of 0.
  const share = random.chance(0.02) ? 150 : random.between(1, 25);
  return (gross / 10_000n / 100n) * BigInt(share);
}
