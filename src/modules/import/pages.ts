import type { FencedPrisma } from "../../db/fenced-prisma.ts";
import type { Import, ImportError, Prisma } from "../../db/generated/prisma/client.ts";
import { decodeCursor, encodeCursor } from "../../lib/cursor.ts";
import { badInput } from "../../lib/errors.ts";
import { isUuid } from "../../lib/id.ts";

/** Which page: how many, and the cursor behind which it begins. */
export type PageAsked = { readonly limit: number; readonly after: string | null };

/** A page, forward. */
export type Page<Node> = {
  readonly edges: readonly { readonly node: Node; readonly cursor: string }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
};

// Ids grow with time.
const importOrder = "import: id desc";
const errorOrder = "importError: row asc,place asc";

/** A page of imports, the latest first. */
export async function importsPage(
  prisma: FencedPrisma,
  where: Prisma.ImportWhereInput,
  asked: PageAsked,
): Promise<Page<Import>> {
  const [id] = valuesIn(asked, importOrder);
  if (id !== undefined && !isUuid(id)) throw noCursor();
  const found = await prisma.import.findMany({
    where: id === undefined ? where : { AND: [where, { id: { lt: id } }] },
    orderBy: { id: "desc" },
    take: asked.limit + 1,
  });
  return pageOf(found, asked, (one) => encodeCursor(importOrder, [one.id]));
}

/** A page of an import's errors, in the order of its rows. */
export async function errorsPage(
  prisma: FencedPrisma,
  of: { readonly tenantId: string; readonly importId: string },
  asked: PageAsked,
): Promise<Page<ImportError>> {
  const [row, place] = valuesIn(asked, errorOrder).map(Number);
  const isCursor = [row, place].every((number) => number === undefined || isWhole(number));
  if (!isCursor) throw noCursor();
  const behind = { OR: [{ row: { gt: row } }, { row, place: { gt: place } }] };
  const found = await prisma.importError.findMany({
    where: row === undefined || place === undefined ? of : { ...of, ...behind },
    orderBy: [{ row: "asc" }, { place: "asc" }],
    take: asked.limit + 1,
  });
  const cursorOf = (one: ImportError) =>
    encodeCursor(errorOrder, [String(one.row), String(one.place)]);
  return pageOf(found, asked, cursorOf);
}

/** What PostgreSQL has as `integer`. */
const isWhole = (number: number): boolean =>
  Number.isInteger(number) && Math.abs(number) <= 2_147_483_647;

const noCursor = () => badInput(["after"], { complaint: "noCursor" });

function valuesIn({ after }: PageAsked, order: string): string[] {
  if (after === null) return [];
  return decodeCursor(after, order, "after").map((value) => {
    if (value === null) throw noCursor();
    return value;
  });
}

/** One more than the page has was asked for. */
function pageOf<Node>(
  found: readonly Node[],
  { limit, after }: PageAsked,
  cursorOf: (node: Node) => string,
): Page<Node> {
  return {
    edges: found.slice(0, limit).map((node) => ({ node, cursor: cursorOf(node) })),
    hasNextPage: found.length > limit,
    // What the cursor was taken from.
    hasPreviousPage: after !== null,
  };
}
