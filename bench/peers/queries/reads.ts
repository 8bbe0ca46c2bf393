// The reads W1–W6 as data, and the 200 documents of W8 that are derived from them.
import type { Page, Query, Selection } from "./query.ts";

const deals = (page: Partial<Page> = {}): Page => ({
  edge: "deals",
  first: 5,
  nodes: { fields: ["id", "name", "stage", "value"] },
  ...page,
});
const contacts = (first: number): Page => ({
  edge: "contacts",
  first,
  nodes: { fields: ["id", "displayName", "email"] },
});
const accounts = (first: number, pages: readonly Page[]): Page => ({
  edge: "accounts",
  first,
  nodes: { fields: ["id", "name"], pages },
});
const lines: Page = {
  edge: "lineItems",
  first: 10,
  nodes: { fields: ["id", "description", "quantity", "unitPrice", "total"] },
};
const quotes: Page = {
  edge: "quotes",
  first: 10,
  nodes: { fields: ["id", "quoteNumber", "total"], pages: [lines] },
};
const calls = (page: Partial<Page> = {}): Selection => ({
  fields: ["id", "name"],
  pages: [
    {
      edge: "activities",
      first: 10,
      where: { field: "type", value: "call" },
      isAfter: true,
      totalCount: true,
      pageInfo: true,
      nodes: { fields: ["id", "type", "subject", "occurredAt", "outcome"] },
      ...page,
    },
  ],
});

const dealFields = [
  "id",
  "name",
  "dealNumber",
  "stage",
  "value",
  "currency",
  "expectedCloseDate",
  "createdAt",
];
const wideFields = [...dealFields, "probability", "ownerId"];

export type ReadName = "W1" | "W2" | "W3" | "W4" | "W5" | "W6";

export const reads: Readonly<Record<ReadName, Query>> = {
  W1: { name: "W1", root: { record: "deal", selection: { fields: dealFields } } },
  W2: { name: "W2", root: { page: deals({ first: 100, nodes: { fields: wideFields } }) } },
  W3: { name: "W3", root: { page: accounts(20, [deals(), contacts(3)]) } },
  W4: {
    name: "W4",
    root: {
      page: accounts(20, [
        deals({ first: 10, nodes: { fields: ["id", "name", "value"], pages: [quotes] } }),
        contacts(10),
      ]),
    },
  },
  W5: { name: "W5", root: { record: "account", selection: calls() } },
  W6: {
    name: "W6",
    root: {
      page: accounts(20, [
        deals({ alias: "latest", totalCount: true }),
        deals({
          alias: "proposed",
          totalCount: true,
          where: { field: "stage", value: "proposal" },
        }),
      ]),
    },
  },
};

/** The first pages of calls, whose end cursors W5 starts from. */
export const firstCalls = (first: number): Query => ({
  name: `calls${first}`,
  root: { record: "account", selection: calls({ first, isAfter: false }) },
});
export const nextCalls = (first: number): Query => ({
  name: `next${first}`,
  root: { record: "account", selection: calls({ first }) },
});

/** A pseudo-random sequence that is the same in each process. */
function sequence(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const random = sequence(15);

/** A query like one of W1–W6, with other sizes and fields. */
function variant(kind: ReadName, name: string): Query {
  const some = (fields: readonly string[]): string[] =>
    fields.filter((field) => field === "id" || random(4) > 0);
  const size = (least: number, most: number): number => least + random(most - least + 1);
  const shortDeals = (first: number): Page =>
    deals({ first, nodes: { fields: some(["id", "name", "stage", "value", "updatedAt"]) } });
  switch (kind) {
    case "W1":
      return { name, root: { record: "deal", selection: { fields: some(wideFields) } } };
    case "W2":
      return {
        name,
        root: { page: deals({ first: size(10, 100), nodes: { fields: some(wideFields) } }) },
      };
    case "W3":
      return {
        name,
        root: { page: accounts(size(5, 30), [shortDeals(size(2, 8)), contacts(size(1, 5))]) },
      };
    case "W4":
      return {
        name,
        root: {
          page: accounts(size(5, 20), [
            deals({
              first: size(3, 10),
              nodes: {
                fields: some(["id", "name", "value"]),
                pages: [{ ...quotes, first: size(2, 10) }],
              },
            }),
            contacts(size(2, 10)),
          ]),
        },
      };
    case "W5":
      return { name, root: { record: "account", selection: calls({ first: size(5, 25) }) } };
    case "W6":
      return {
        name,
        root: {
          page: accounts(size(5, 25), [
            { ...shortDeals(size(2, 8)), alias: "latest", totalCount: true },
            {
              ...shortDeals(size(2, 8)),
              alias: "proposed",
              totalCount: true,
              where: { field: "stage", value: "proposal" },
            },
          ]),
        },
      };
  }
}

const kinds = ["W1", "W2", "W3", "W4", "W5", "W6"] as const;

/** W8's documents, by kind in turn, each with a name of its own. */
export const variants: readonly { readonly kind: ReadName; readonly query: Query }[] = Array.from(
  { length: 200 },
  (_, index) => {
    const kind = kinds[index % kinds.length] ?? "W1";
    return { kind, query: variant(kind, `W8x${index}`) };
  },
);

/** All queries for which the floor has a statement. */
export const floorQueries: readonly Query[] = [
  ...Object.values(reads),
  firstCalls(10),
  firstCalls(100),
  nextCalls(100),
  ...variants.map(({ query }) => query),
];
