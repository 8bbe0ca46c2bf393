import type { Fixtures, Made } from "../samples/fixtures.ts";
import type { TenantCopy } from "../samples/tenant-copies.ts";
import { completeTenant } from "../samples/two-tenants.ts";

/** A mutation with what it needs, for a tenant that is a copy of the world's. */
export type WritePath = {
  readonly name: string;
  readonly query: string;
  readonly variables: (world: World, copy: TenantCopy) => Readonly<Record<string, unknown>>;
};

/** The records that the write paths write to. */
export type World = {
  readonly tenant: Made;
  readonly holding: string;
  readonly account: string;
  readonly otherAccount: string;
  /** A contact of the other account, whose email is that of a contact of the account. */
  readonly stranger: string;
  readonly deletedAccount: string;
  readonly manager: string;
  readonly contact: string;
  readonly deal: string;
  readonly activity: string;
  readonly quote: string;
  readonly lineItem: string;
};

/** Makes one of everything, and more where a write touches several: a second line, an account that was deleted. */
export async function makeWorld(fixtures: Fixtures): Promise<World> {
  const { tenant, records } = await completeTenant(fixtures, "world");
  const id = (entity: string, index = 0): string => records[entity]?.[index]?.id ?? "";
  const [quote] = records["quote"] ?? [];
  if (quote === undefined) throw new Error("there is no quote");
  await tenant.lineItem(quote, { description: "Harbor sweeping", position: 1, total: "7" });
  const otherAccount = await tenant.account({ name: "Quayside", phone: "+1 404" });
  // Merged along with the accounts, since an account of the world has the same email.
  const stranger = await tenant.contact(otherAccount, {
    email: "NED@twin.example",
    jobTitle: "Pilot",
    isPrimary: true,
  });
  const visit = await tenant.activity(otherAccount, { contactId: stranger.uuid });
  await tenant.participant(visit, stranger);
  const gone = {
    deletedAt: "2026-02-03T04:05:06.000Z",
    deletedBy: "usr-1",
    deletionId: "0190bbbb-0000-7000-8000-000000000001",
  };
  const deletedAccount = await tenant.account({ name: "Sunk", ...gone });
  const contact = await tenant.contact(deletedAccount, { email: "sam@sunk.example", ...gone });
  const deal = await tenant.deal(deletedAccount, { dealNumber: "DEAL-2026-00007", ...gone });
  await tenant.stakeholder(deal, contact);
  await tenant.activity(deletedAccount, { subject: "Sunk call", ...gone });
  return {
    tenant,
    holding: id("account", 0),
    account: id("account", 1),
    otherAccount: otherAccount.id,
    stranger: stranger.id,
    deletedAccount: deletedAccount.id,
    manager: id("contact", 0),
    contact: id("contact", 1),
    deal: id("deal"),
    activity: id("activity"),
    quote: quote.id,
    lineItem: id("lineItem"),
  };
}

const problems = "userErrors { code message path }";

/** `createAccount`: its input, and the record with what else it moves. */
function create(type: string, selection: string, input: (world: World) => object): WritePath {
  const field = `create${type}`;
  return {
    name: field,
    query: `mutation ($input: Create${type}Input!) { ${field}(input: $input) { ${selection} ${problems} } }`,
    variables: (world) => ({ input: input(world) }),
  };
}

function update(
  type: string,
  selection: string,
  id: (world: World) => string,
  input: (world: World) => object,
): WritePath {
  const field = `update${type}`;
  return {
    name: field,
    query: `mutation ($id: ID!, $input: Update${type}Input!) { ${field}(id: $id, input: $input) { ${selection} ${problems} } }`,
    variables: (world) => ({ id: id(world), input: input(world) }),
  };
}

function byId(
  field: string,
  selection: string,
  id: (world: World, copy: TenantCopy) => string,
): WritePath {
  return {
    name: field,
    query: `mutation ($id: ID!) { ${field}(id: $id) { ${selection} ${problems} } }`,
    variables: (world, copy) => ({ id: id(world, copy) }),
  };
}

function merge(
  plural: string,
  selection: string,
  ids: (world: World) => readonly [into: string, from: string],
): WritePath {
  const field = `merge${plural}`;
  const name = plural.toLowerCase().replace(/s$/, "");
  return {
    name: field,
    query: `mutation ($into: ID!, $from: ID!) { ${field}(into: $into, from: $from) {
      ${name} { id version displayName } merged { id version isDeleted mergedInto { id } }
      fields { field into from result winner } moved { type field count } ${selection} ${problems} } }`,
    variables: (world) => {
      const [into, from] = ids(world);
      return { into, from };
    },
  };
}

const upsertDeal = {
  query: `mutation ($input: UpsertDealInput!) { upsertDeal(input: $input) { created deal { id dealNumber stage version } ${problems} } }`,
};

const account = "account { id displayName version lastActivityAt }";
const quote =
  "quote { id quoteNumber total version isPrimary lineItems { nodes { id description total } } }";
const lineItem = "lineItem { id total version quote { total version } }";

/** Every way to write, each touching as many records and tables as it can. */
export const writePaths: readonly WritePath[] = [
  create("Account", account, (world) => ({
    name: "Breakwater",
    email: "desk@breakwater.example",
    domain: "breakwater.example",
    parent_account_id: world.holding,
    tags: ["new"],
  })),
  update(
    "Account",
    account,
    (world) => world.account,
    (world) => ({
      industry: "ports",
      parent_account_id: world.otherAccount,
    }),
  ),
  // Attached to the account by its domain, where it takes the place of the primary contact.
  create("Contact", "contact { id displayName isPrimary account { id } }", () => ({
    first_name: "Zoe",
    email: "zoe@twin.example",
    is_primary: true,
  })),
  // Who reports to her is released.
  update(
    "Contact",
    "contact { id version account { id } }",
    (world) => world.manager,
    (world) => ({
      account_id: world.otherAccount,
      is_primary: true,
    }),
  ),
  create(
    "Deal",
    "deal { id dealNumber currency primaryContact { id } contacts { nodes { id } } }",
    (world) => ({
      account_id: world.account,
      name: "Quay wall",
      contact_ids: [world.manager],
      primary_contact_id: world.contact,
    }),
  ),
  update(
    "Deal",
    "deal { id stage version }",
    (world) => world.deal,
    () => ({
      stage: "closed_lost",
      loss_reason: "price",
      loss_category: "budget",
      actual_close_date: "2026-01-02",
    }),
  ),
  create(
    "Activity",
    "activity { id subject account { id lastActivityAt version } contacts { nodes { id lastInteractionAt } } }",
    (world) => ({
      type: "call",
      subject: "Soundings",
      deal_id: world.deal,
      contact_ids: [world.contact, world.manager],
    }),
  ),
  byId("completeActivity", "activity { id status completedAt version }", (world) => world.activity),
  {
    name: "moveDeal",
    query: `mutation ($id: ID!) { moveDeal(id: $id, stage: "qualified") { deal { id stage version } ${problems} } }`,
    variables: ({ deal }) => ({ id: deal }),
  },
  {
    name: "addDealContacts",
    query: `mutation ($id: ID!, $ids: [ID!]!) { addDealContacts(id: $id, contactIds: $ids) { deal { version contacts { nodes { id } } } ${problems} } }`,
    variables: ({ deal, manager, stranger }) => ({ id: deal, ids: [manager, stranger] }),
  },
  {
    name: "addTags",
    query: `mutation ($id: ID!) { addTags(id: $id, tags: ["new", "newer"]) { record { id ... on Deal { tags version } } ${problems} } }`,
    variables: ({ deal }) => ({ id: deal }),
  },
  create("Quote", quote, (world) => ({
    account_id: world.account,
    deal_id: world.deal,
    is_primary: true,
    line_items: [
      { description: "Dredging", quantity: 2, unit_price: "10.5" },
      { description: "Piling", unit_price: "99" },
    ],
  })),
  // One line stays, one is new, one goes.
  update(
    "Quote",
    quote,
    (world) => world.quote,
    (world) => ({
      notes: "second try",
      line_items: [
        { id: world.lineItem, quantity: 3 },
        { description: "Mooring", unit_price: "5" },
      ],
    }),
  ),
  create("LineItem", lineItem, (world) => ({
    quote_id: world.quote,
    description: "Fenders",
    quantity: 4,
    unit_price: "2.25",
  })),
  update(
    "LineItem",
    lineItem,
    (world) => world.lineItem,
    () => ({ quantity: 9 }),
  ),
  byId("deleteLineItem", "lineItem { id isDeleted version }", (world) => world.lineItem),
  byId("deleteAccount", "account { id isDeleted version }", (world) => world.account),
  merge(
    "Accounts",
    "contactsMerged { into { id } from { id } fields { field winner } }",
    (world) => [world.account, world.otherAccount],
  ),
  merge("Contacts", "", (world) => [world.manager, world.stranger]),
  byId("restoreAccount", account, (world) => world.deletedAccount),
  {
    ...upsertDeal,
    name: "upsertDeal that creates",
    variables: ({ account: account_id }) => ({
      input: { deal_number: "D-77", account_id, name: "Lock gate" },
    }),
  },
  {
    ...upsertDeal,
    name: "upsertDeal that changes",
    variables: () => ({ input: { deal_number: "DEAL-2026-00001", stage: "qualified" } }),
  },
  {
    name: "createContacts",
    query: `mutation ($inputs: [CreateContactInput!]!) { createContacts(inputs: $inputs) { written results { index contact { id displayName account { id } } ${problems} } } }`,
    variables: (world) => ({
      inputs: ["Ada", "Bea", "Cyd"].map((name) => ({
        first_name: name,
        email: `${name.toLowerCase()}@batch.example`,
        account_id: world.account,
        is_primary: name === "Bea",
      })),
    }),
  },
  create("Customer", "account { id displayName } contact { id displayName isPrimary }", () => ({
    account_type: "business",
    company_name: "Pilot Station",
    first_name: "Pia",
    last_name: "Lott",
    email: "pia@pilot.example",
    phone: "+14045550128",
  })),
  create("ApiKey", "apiKey { id name scopes } secret", () => ({
    name: "import",
    scopes: ["read:*"],
  })),
  byId("rotateApiKey", "apiKey { id name } secret", (_world, copy) => copy.keyId),
  create("Department", "department { id name }", () => ({ name: "Tugs" })),
];

/** Two mutations in one request; each is a transaction of its own. */
export const twoWrites: WritePath = {
  name: "two mutations",
  query: `mutation ($account: ID!) {
    first: createDepartment(input: { name: "Tugs" }) { department { id } ${problems} }
    second: createActivity(input: { account_id: $account, type: note, subject: "Log" }) { activity { id } ${problems} }
  }`,
  variables: ({ account: id }) => ({ account: id }),
};
