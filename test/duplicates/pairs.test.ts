import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { duplicatesOf } from "../support/duplicates/duplicates.ts";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { at, listAt, type TestGateway } from "../support/gateway/gateway.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let key: string;
let accounts: Made[];

type Page = {
  readonly pairs: readonly string[];
  readonly endCursor: unknown;
  readonly hasNextPage: unknown;
};

/** Of 700 accounts the first 400 are 200 pairs with the same name and host. */
const companies = 700;

beforeAll(async () => {
  ({ gateway, tenant, key } = await startTenant("pairs"));
  accounts = await tenant.makeMany(
    "account",
    Array.from({ length: companies }, (_, index) => {
      const number = index < 400 ? index % 200 : index;
      const name = String(number)
        .split("")
        .map((digit) => "abcdefghij"[Number(digit)]?.repeat(4))
        .join(" ");
      return { name, domain: `${name.replaceAll(" ", "-")}.example` };
    }),
  );
  await gateway.fixtures.client.query("ANALYZE accounts");
});
afterAll(() => gateway.close());

async function page(args: Readonly<Record<string, unknown>> = {}): Promise<Page> {
  const data = await gateway.data(
    key,
    `query ($first: Int, $after: String, $minScore: Float) {
      duplicateAccounts(first: $first, after: $after, minScore: $minScore) {
        edges { cursor node { older { id } newer { id } score reasons { code } } }
        nodes { score }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }`,
    args,
  );
  const edges = listAt(data, "duplicateAccounts", "edges");
  return {
    pairs: edges.map(
      (edge) =>
        `${String(at(edge, "node", "older", "id"))} ${String(at(edge, "node", "newer", "id"))}`,
    ),
    endCursor: at(data, "duplicateAccounts", "pageInfo", "endCursor"),
    hasNextPage: at(data, "duplicateAccounts", "pageInfo", "hasNextPage"),
  };
}

async function walk(
  first: number,
  change: () => Promise<void> = () => Promise.resolve(),
): Promise<string[]> {
  const found: string[] = [];
  let after: unknown = null;
  for (let count = 0; count < 1_000; count += 1) {
    const { pairs, endCursor, hasNextPage } = await page({ first, after });
    expect(pairs.length).toBeLessThanOrEqual(first);
    found.push(...pairs);
    if (hasNextPage === false) return found;
    expect(endCursor).not.toBe(after);
    after = endCursor;
    await change();
  }
  throw new Error("the list has no end");
}

/** Ids sort by creation, but those of one millisecond by chance. */
const expected = (): string[] =>
  Array.from({ length: 200 }, (_, index) =>
    [accounts[index]?.id ?? "", accounts[index + 200]?.id ?? ""]
      .toSorted((left, right) => left.localeCompare(right))
      .join(" "),
  ).toSorted((left, right) => left.localeCompare(right));

describe("the pairs of a tenant", () => {
  it.each([100, 37])("are found each once, older before newer, in pages of %i", async (first) => {
    expect(await walk(first)).toEqual(expected());
  });

  it("are what the records themselves list", async () => {
    const { pairs } = await page({ first: 5 });
    for (const pair of pairs) {
      const [older, newer] = pair.split(" ");
      const listed = await duplicatesOf(gateway, key, "account", older ?? "");
      expect(listed.map(({ id }) => id)).toEqual([newer]);
    }
  });

  it("neither repeat nor go missing while others come and go", async () => {
    let count = 0;
    const found = await walk(50, async () => {
      count += 1;
      await tenant.account({ name: `New ${count}`, domain: "new.example" });
    });
    expect(found.filter((pair) => expected().includes(pair))).toEqual(expected());
    expect(new Set(found).size).toBe(found.length);
  });

  it("cost a bounded number of statements, also where there are none", async () => {
    gateway.statements.clear();
    const { pairs, hasNextPage, endCursor } = await page({ minScore: 1 });
    expect(pairs).toEqual([]);
    expect(hasNextPage).toBe(true);
    expect(endCursor).not.toBe(null);
    // At most ten stretches, each in a transaction with a setting; on a busy machine the time is up before.
    const count = gateway.statements.all().length;
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThanOrEqual(10 * 4);
  });

  it("do not lie in another tenant, nor in another's cursor", async () => {
    const other = await gateway.fixtures.tenant("no-pairs");
    const otherKey = await gateway.keyFor(other.slug);
    const { endCursor } = await page({ first: 1 });
    const query =
      "query ($after: String) { duplicateAccounts(after: $after) { nodes { score } pageInfo { hasNextPage } } }";
    for (const after of [null, endCursor]) {
      const data = await gateway.data(otherKey, query, { after });
      expect(data).toEqual({ duplicateAccounts: { nodes: [], pageInfo: { hasNextPage: false } } });
    }
  });

  it.each([
    [{ first: 0 }, "first"],
    [{ first: 101 }, "first"],
    [{ minScore: 2 }, "minScore"],
    [{ after: "nonsense" }, "after"],
    [
      {
        after: Buffer.from('["duplicates of accounts: older asc,newer asc","x","y"]').toString(
          "base64url",
        ),
      },
      "after",
    ],
    [
      {
        after: Buffer.from('["duplicates of contacts: older asc,newer asc","x","y"]').toString(
          "base64url",
        ),
      },
      "after",
    ],
  ])("refuse %j", async (args, argument) => {
    const answer = await gateway.ask(
      key,
      `query ($first: Int, $after: String, $minScore: Float) {
        duplicateAccounts(first: $first, after: $after, minScore: $minScore) { nodes { score } }
      }`,
      args,
    );
    expect(answer.errors?.[0]?.extensions).toMatchObject({
      code: "BAD_USER_INPUT",
      inputPath: [argument],
    });
  });
});

it("pairs of contacts are found likewise", async () => {
  const one = await tenant.contact(null, { email: "ada@pairs.example" });
  const account = await tenant.account({ name: "Elsewhere" });
  const other = await tenant.contact(account, { email: "Ada@pairs.example", lastName: null });
  const data = await gateway.data(
    key,
    "{ duplicateContacts { nodes { older { id } newer { id } score reasons { code similarity } } } }",
  );
  expect(data).toEqual({
    duplicateContacts: {
      nodes: [
        {
          older: { id: one.id },
          newer: { id: other.id },
          score: 0.9,
          reasons: [{ code: "SAME_EMAIL", similarity: 1 }],
        },
      ],
    },
  });
});
