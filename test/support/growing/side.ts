import type { FencedPrisma } from "../../../src/db/fenced-prisma.ts";
import { at, listAt, recordAt, type TestGateway } from "../gateway/gateway.ts";
import type { Made, TenantFixtures } from "../samples/fixtures.ts";

type Variables = Readonly<Record<string, unknown>>;
type Names = readonly unknown[];
/** Asks once for what shows names of `side`'s records and of nobody else's. */
type Ask = (side: Side, other: Side, number: number) => Promise<Names>;

const list = `{ accounts(first: 5) { nodes { name contacts(first: 3) { nodes { lastName } } } } }`;
const record = `query ($id: ID!) { account(id: $id) { name } }`;
const create = `mutation ($input: CreateContactInput!) { createContact(input: $input) { contact { lastName account { name } } userErrors { code } } }`;
const update = `mutation ($id: ID!, $name: String!) { updateAccount(id: $id, input: { name: $name }) { account { name } userErrors { code } } }`;

/** One of two tenants whose requests come in turn. All that it has bears its slug, so what is not its own is seen. */
export class Side {
  readonly tenant: TenantFixtures;
  readonly #gateway: TestGateway;
  readonly #key: string;
  readonly #accounts: readonly Made[];
  #created = 0;

  private constructor(
    gateway: TestGateway,
    tenant: TenantFixtures,
    key: string,
    accounts: readonly Made[],
  ) {
    this.#gateway = gateway;
    this.tenant = tenant;
    this.#key = key;
    this.#accounts = accounts;
  }

  static async make(gateway: TestGateway, slug: string): Promise<Side> {
    const tenant = await gateway.fixtures.tenant(slug);
    const accounts: Made[] = [];
    for (const number of [1, 2, 3, 4, 5, 6]) {
      const account = await tenant.account({ name: `${slug} ${number}` });
      await tenant.contact(account, { lastName: `${slug} ${number}` });
      accounts.push(account);
    }
    return new Side(gateway, tenant, await gateway.keyFor(slug), accounts);
  }

  /** An account of its own. */
  account(place: number): Made {
    const account = this.#accounts[place % this.#accounts.length];
    if (account === undefined) throw new Error("no account");
    return account;
  }

  /** Asks once; gives what is wrong with the answer. */
  async ask(kind: Kind, other: Side, number: number): Promise<string | null> {
    const { ask, shows } = kinds[kind];
    const names = await ask(this, other, number);
    const isOwn = (name: unknown): boolean =>
      new RegExp(`^${this.tenant.slug} \\d+$`).test(String(name));
    if (names.length === shows && names.every(isOwn)) return null;
    return `${this.tenant.slug}: ${kind}: ${JSON.stringify(names)}`;
  }

  data(query: string, variables?: Variables): Promise<Variables> {
    return this.#gateway.data(this.#key, query, variables);
  }

  get prisma(): FencedPrisma {
    return this.#gateway.database.prismaFor(this.tenant.uuid);
  }

  async create(number: number): Promise<Names> {
    const input = {
      last_name: `${this.tenant.slug} ${number}`,
      account_id: this.account(number).id,
    };
    const made = await this.data(create, { input });
    this.#created += 1;
    const contact = recordAt(made, "createContact", "contact");
    return [contact["lastName"], at(contact, "account", "name")];
  }

  /** How many records bear its name, by tenant; and how many should, all in its own. */
  async written(): Promise<{ readonly found: Variables; readonly wanted: Variables }> {
    const { slug, uuid } = this.tenant;
    const { rows } = await this.#gateway.fixtures.client.query<{ tenant: string; count: number }>(
      `SELECT tenant_id AS tenant, count(*)::integer FROM (
         SELECT tenant_id, last_name AS name FROM contacts UNION ALL SELECT tenant_id, name FROM accounts) s
       WHERE name LIKE $1 GROUP BY tenant_id`,
      [`${slug} %`],
    );
    return {
      found: Object.fromEntries(rows.map(({ tenant, count }) => [tenant, count])),
      wanted: { [uuid]: 2 * this.#accounts.length + this.#created },
    };
  }
}

/** What is asked, and how many names an answer shows. */
type Asked = { readonly ask: Ask; readonly shows: number };

/** Compiled reads, writes, and Prisma. */
const kinds = {
  list: {
    ask: async (side) =>
      listAt(await side.data(list), "accounts", "nodes").flatMap((node) => [
        at(node, "name"),
        ...listAt(node, "contacts", "nodes")
          .map((contact) => at(contact, "lastName"))
          .slice(0, 1),
      ]),
    shows: 10,
  },
  record: {
    ask: async (side, _, number) => [
      at(await side.data(record, { id: side.account(number).id }), "account", "name"),
    ],
    shows: 1,
  },
  "foreign record": {
    ask: async (side, other, number) => {
      const { account } = await side.data(record, { id: other.account(number).id });
      return account === null ? [] : [account];
    },
    shows: 0,
  },
  create: { ask: (side, _, number) => side.create(number), shows: 2 },
  update: {
    ask: async (side, _, number) => {
      const name = `${side.tenant.slug} ${number}`;
      const made = await side.data(update, { id: side.account(number).id, name });
      return [at(made, "updateAccount", "account", "name")];
    },
    shows: 1,
  },
  "update of a foreign record": {
    ask: async (side, other, number) => {
      const made = await side.data(update, { id: other.account(number).id, name: "stolen" });
      const isRefused = at(made, "updateAccount", "userErrors", 0, "code") === "NOT_FOUND";
      return isRefused ? [] : [made];
    },
    shows: 0,
  },
  Prisma: {
    ask: async ({ prisma }) => (await prisma.account.findMany({ take: 5 })).map(({ name }) => name),
    shows: 5,
  },
  "transaction of Prisma": {
    ask: ({ prisma }) =>
      prisma.$transaction(
        async (transaction) => {
          const accounts = await transaction.account.findMany({ take: 2 });
          const contacts = await transaction.contact.findMany({ take: 2 });
          return [...accounts.map(({ name }) => name), ...contacts.map((one) => one.lastName)];
        },
        { isolationLevel: "RepeatableRead", maxWait: 60_000, timeout: 60_000 },
      ),
    shows: 4,
  },
} satisfies Readonly<Record<string, Asked>>;

export type Kind = keyof typeof kinds;
export const kindNames: readonly Kind[] = [
  "list",
  "record",
  "foreign record",
  "create",
  "update",
  "update of a foreign record",
  "Prisma",
  "transaction of Prisma",
];
