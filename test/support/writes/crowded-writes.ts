import type { Call } from "../leaks/calls.ts";

/** The public id of the row with a number, by the entity's name. */
type IdOf = (entity: string, number: number) => string;

type Input = Readonly<Record<string, unknown>>;

/** Numbers of owners whose rows live, in a crowded tenant of at least 1,000. */
const owners = Array.from({ length: 300 }, (_, index) => 301 + 3 * index).filter(
  (number) => number % 10 < 8,
);
const many = (from: number): readonly number[] => owners.slice(from, from + 50);

/** How each kind that has all verbs is created and changed; `number` makes values unique, and names the owner. */
const kinds: readonly {
  readonly type: string;
  readonly plural: string;
  readonly made: (id: IdOf, number: number) => Input;
  readonly change: (id: IdOf, number: number) => Input;
}[] = [
  // Before quotes, whose changes replace their lines.
  {
    type: "LineItem",
    plural: "LineItems",
    made: (id) => ({ quote_id: id("quote", 3), unit_price: "5" }),
    change: () => ({ quantity: "2" }),
  },
  {
    type: "Account",
    plural: "Accounts",
    made: (id, number) => ({
      email: `new-${number}@new.example`,
      domain: `${number}.new.example`,
      parent_account_id: id("account", 3),
    }),
    change: (id) => ({ parent_account_id: id("account", 61), email: null }),
  },
  {
    type: "Contact",
    plural: "Contacts",
    made: (id, number) => ({
      email: `new-${number}@new.example`,
      account_id: id("account", 3),
      reports_to_contact_id: id("contact", 3),
      is_primary: true,
    }),
    change: (id) => ({
      account_id: id("account", 61),
      reports_to_contact_id: null,
      is_primary: true,
    }),
  },
  {
    type: "Deal",
    plural: "Deals",
    made: (id) => ({
      account_id: id("account", 3),
      contact_ids: [3, 33, 63].map((one) => id("contact", one)),
      primary_contact_id: id("contact", 3),
    }),
    change: () => ({ stage: "qualified", contact_ids: [] }),
  },
  {
    type: "Quote",
    plural: "Quotes",
    made: (id) => ({
      account_id: id("account", 3),
      deal_id: id("deal", 3),
      is_primary: true,
      line_items: [{ unit_price: "5" }, { unit_price: "7" }],
    }),
    change: () => ({ is_primary: true, line_items: [{ unit_price: "9" }] }),
  },
];

const one = "userErrors { message path }";
const each = `results { ${one} }`;
const call = (field: string, args: Input, selection = one): Call => ({
  name: `${field} ${JSON.stringify(args).slice(0, 60)}`,
  steps: [{ field, args }],
  selection,
});

/** Every verb over every entity: one record, a batch of 50, and the record that 100 others hang on. */
export function crowdedWrites(id: IdOf): readonly Call[] {
  const ofKinds = kinds.flatMap(({ type, plural, made, change }) => {
    const entity = type.charAt(0).toLowerCase() + type.slice(1);
    const removals = [31, 3].flatMap((number) => [
      call(`delete${type}`, { id: id(entity, number) }),
      call(`restore${type}`, { id: id(entity, number) }),
    ]);
    const removed = many(50).map((number) => ({ id: id(entity, number) }));
    return [
      call(`create${type}`, { input: made(id, 1) }),
      call(`create${plural}`, { inputs: many(0).map((number) => made(id, number)) }, each),
      call(`update${type}`, { id: id(entity, 37), input: change(id, 37) }),
      call(
        `update${plural}`,
        { inputs: many(0).map((number) => ({ id: id(entity, number), ...change(id, number) })) },
        each,
      ),
      ...removals,
      call(`delete${plural}`, { inputs: removed }, each),
      call(`restore${plural}`, { inputs: removed }, each),
    ];
  });
  const activity = {
    type: "note",
    account_id: id("account", 3),
    deal_id: id("deal", 3),
    contact_ids: [3, 33].map((number) => id("contact", number)),
  };
  const upserts = [
    ["Account", { email: "desk@40.example", industry: "ports" }],
    ["Account", { email: "desk@new.example" }],
    ["Contact", { email: "ada@40.example", account_id: id("account", 40), city: "Kiel" }],
    ["Contact", { email: "ada@new.example", account_id: id("account", 3) }],
    ["Deal", { deal_number: "D-40", account_id: id("account", 40) }],
    ["Deal", { deal_number: "D-new", account_id: id("account", 3) }],
    ["Quote", { quote_number: "Q-40", account_id: id("account", 40) }],
    ["Quote", { quote_number: "Q-new", account_id: id("account", 3) }],
    ["LineItem", { external_id: "L-new", quote_id: id("quote", 3), unit_price: "5" }],
  ] as const;
  const keyed: Readonly<Record<string, (number: number) => Input>> = {
    Accounts: (number) => ({ email: `desk@${number}.example`, industry: "ports" }),
    Contacts: (number) => ({ email: `ada@${number}.example`, account_id: id("account", number) }),
    Deals: (number) => ({ deal_number: `D-${number}`, account_id: id("account", number) }),
    Quotes: (number) => ({ quote_number: `Q-${number}`, account_id: id("account", number) }),
    LineItems: (number) => ({
      external_id: `L-${number}`,
      quote_id: id("quote", number),
      unit_price: "5",
    }),
  };
  const customer = { company_name: "Pilots", first_name: "Pia", last_name: "Lott" };
  const reachable = { email: "pia@pilots.example", phone: "+14045550128" };
  const merges = ["Account", "Contact"].flatMap((type) =>
    [43, 3].map((from) =>
      call(`merge${type}s`, {
        into: id(type.toLowerCase(), 46),
        from: id(type.toLowerCase(), from),
      }),
    ),
  );
  return [
    ...ofKinds,
    call("createActivity", { input: activity }),
    call("createActivities", { inputs: many(0).map(() => activity) }, each),
    call("completeActivity", { id: id("activity", 31) }),
    call("updateTask", { id: id("activity", 34), input: { subject: "Tow" } }),
    call("moveDeal", { id: id("deal", 37), stage: "proposal" }),
    call("addDealContacts", { id: id("deal", 3), contactIds: [id("contact", 33)] }),
    call("removeDealContacts", { id: id("deal", 3), contactIds: [id("contact", 33)] }),
    call("addTags", { id: id("account", 3), tags: ["vip"] }),
    call("removeTags", { id: id("account", 3), tags: ["vip"] }),
    call("sendQuote", { id: id("quote", 37) }),
    call("acceptQuote", { id: id("quote", 37) }),
    call("rejectQuote", { id: id("quote", 40) }),
    ...upserts.map(([type, input]) => call(`upsert${type}`, { input })),
    ...Object.entries(keyed).map(([plural, input]) =>
      call(`upsert${plural}`, { inputs: many(100).map(input) }, each),
    ),
    call("createCustomer", { input: { account_type: "business", ...customer, ...reachable } }),
    call("createDepartment", { input: { name: "Tugs" } }),
    call("createApiKey", { input: { name: "import", scopes: ["read:*"] } }),
    call("rotateApiKey", { id: id("apiKey", 31) }),
    call("revokeApiKey", { id: id("apiKey", 34) }),
    ...merges.toReversed(),
  ];
}
