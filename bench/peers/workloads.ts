// The workloads W1–W8.
import { firstCalls, nextCalls, reads, variants, type ReadName } from "./queries/reads.ts";
import type { Ask, Cursors, Read, SideName, Write } from "./requests.ts";
import { sideNames } from "./requests.ts";
import type { Tenant, World } from "./world.ts";

export const workloadNames = ["W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8"] as const;
type WorkloadName = (typeof workloadNames)[number];

/** The tenants and the credentials of a run. */
export type Variant = "plain" | "tenants" | "application";

export type Workload = {
  readonly title: string;
  /** The operations, in rotation. Each side writes records of its own, so that each write changes something. */
  readonly asks: (side: SideName) => readonly Ask[];
  /** Operations whose answers must be equal on all sides before anything is measured. */
  readonly checks: readonly Ask[];
};

const titles: Readonly<Record<ReadName, string>> = {
  W1: "a deal by id, 8 fields",
  W2: "100 deals, 10 fields",
  W3: "20 accounts → 5 deals, 3 contacts",
  W4: "20 accounts → 10 deals → 10 quotes → 10 lines, 10 contacts",
  W5: "page 2 and later of an account's calls, with totalCount; one of 10,000 activities",
  W6: "one edge under two aliases, each with totalCount",
};
const stages = ["lead", "qualified", "proposal", "negotiation"] as const;
/** The number of deals that each side changes in W7 and in W8. */
const dealsOfSide = { W7: 60, W8: 50 };

type Position = { readonly id: string; readonly after: Cursors };

/** Reads the end cursor of a page from a side. */
type FindCursor = (side: SideName, ask: Read) => Promise<string>;

/** Cursors of W5: the end of page 1 of busy accounts, and the end of 1,000 calls of the busiest. */
async function positionsOf(
  world: World,
  tenant: Tenant,
  sides: readonly SideName[],
  find: FindCursor,
): Promise<Position[]> {
  const parents = [0, 1, 3, 7, 15, 30, 39].flatMap((rank) => world.busyAccounts[rank] ?? []);
  const common = { kind: "read", tenant, asApplication: false } as const;
  const behind = async (id: string, size: number, pages: number): Promise<Position> => {
    const after: Partial<Record<SideName, string>> = {};
    for (const side of sides) {
      let end = await find(side, { ...common, query: firstCalls(size), id });
      for (let page = 1; page < pages; page += 1) {
        end = await find(side, { ...common, query: nextCalls(size), id, after: { [side]: end } });
      }
      after[side] = end;
    }
    return { id, after };
  };
  const found: Position[] = [];
  for (const id of parents) found.push(await behind(id, 10, 1));
  found.push(await behind(parents[0] ?? "", 100, 10));
  return found;
}

/** The wanted workloads with their operations. */
export async function makeWorkloads(
  world: World,
  wanted: readonly WorkloadName[],
  variant: Variant,
  sides: readonly SideName[],
  find: FindCursor,
): Promise<Workload[]> {
  const [first, written] = world.tenants;
  if (first === undefined || written === undefined) throw new Error("too few tenants");
  const asApplication = variant === "application";
  const tenants = variant === "tenants" ? world.tenants : [first];
  const needsPositions = wanted.some((name) => name === "W5" || name === "W8");
  const positions = needsPositions ? await positionsOf(world, first, sides, find) : [];

  /** Reads of each tenant in turn. */
  const readsOf = (kind: ReadName, query = reads[kind], rounds = 100): Read[] => {
    const common = { kind: "read", query, asApplication } as const;
    if (kind === "W5") return positions.map((place) => ({ ...common, tenant: first, ...place }));
    if (kind !== "W1") return tenants.map((tenant) => ({ ...common, tenant }));
    return Array.from({ length: rounds }, (_, index) =>
      tenants.map((tenant) => ({ ...common, tenant, id: tenant.deals[index] ?? "" })),
    ).flat();
  };
  const dealsFor = (side: SideName, workload: "W7" | "W8") => {
    const before = workload === "W7" ? 0 : dealsOfSide.W7 * sideNames.length;
    const start = before + sideNames.indexOf(side) * dealsOfSide[workload];
    return world.openDeals.slice(start, start + dealsOfSide[workload]);
  };
  const changes = (side: SideName, workload: "W7" | "W8", to: readonly string[]): Write[] =>
    to.flatMap((stage) =>
      dealsFor(side, workload).map(
        ({ id }) => ({ kind: "updateDeal", tenant: written, id, stage }) as const,
      ),
    );
  const quotes = (side: SideName, workload: "W7" | "W8"): Write[] =>
    dealsFor(side, workload).map((deal) => ({
      kind: "createQuote",
      tenant: written,
      input: {
        account_id: deal.accountId,
        deal_id: deal.id,
        name: "Ten lines",
        currency: "EUR",
        line_items: Array.from({ length: 10 }, (_, index) => ({
          description: `Line ${index}`,
          quantity: String(index + 1),
          unit_price: `${index + 10}.95`,
        })),
      },
    }));

  /** 84 % reads, 15 % writes (two thirds of them change a deal), 1 % new documents. */
  const mixed = (side: SideName, known: readonly Read[]): Ask[] => {
    const creations = quotes(side, "W8");
    // PostGraphile has no createQuote, so it changes a deal instead.
    const updates = changes(side, "W8", stages);
    const pages = known.filter(({ query }) => "page" in query.root);
    const asks: Ask[] = [];
    const at = <Item>(list: readonly Item[], index: number): Item[] =>
      list.slice(index % list.length).slice(0, 1);
    const asNew = (ask: Read): Read => ({ ...ask, isNew: true });
    for (let index = 0; index < 1_200; index += 1) {
      const isWrite = [3, 10, 17].includes(index % 20);
      const writes = asks.filter(({ kind }) => kind !== "read").length;
      if (isWrite && writes % 3 === 0 && side !== "postgraphile")
        asks.push(...at(creations, writes));
      else if (isWrite) asks.push(...at(updates, writes));
      else if (index % 100 === 41) asks.push(...at(pages, index).map(asNew));
      else asks.push(...at(known, index - writes));
    }
    return asks;
  };

  const made: Workload[] = [];
  for (const name of wanted) {
    if (name === "W7") {
      const [deal] = dealsFor("floor", "W7");
      const check = { tenant: written, id: deal?.id ?? "", stage: "proposal" };
      made.push({
        title: "W7 createQuote with 10 lines, and what was made",
        asks: (side) => quotes(side, "W7"),
        checks: quotes("floor", "W7").slice(0, 2),
      });
      made.push({
        title: "W7 updateDeal, its stage",
        asks: (side) => changes(side, "W7", stages),
        checks: [{ kind: "updateDeal", ...check }],
      });
    } else if (name === "W8") {
      const known = variants.flatMap(({ kind, query }, index) => {
        const found = readsOf(kind, query, 1);
        return found.slice(index % found.length).slice(0, 1);
      });
      made.push({
        title: "W8 200 documents, 15 % writes, 1 % new documents",
        asks: (side) => mixed(side, known),
        checks: known,
      });
    } else {
      const asks = readsOf(name);
      made.push({ title: `${name} ${titles[name]}`, asks: () => asks, checks: asks });
    }
  }
  return made;
}
