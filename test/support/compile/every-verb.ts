import { at } from "../gateway/gateway.ts";
import { mutation, textsOf, wrong } from "./mutation-texts.ts";
import type { Side, Values } from "./sides.ts";

const accountText = mutation(
  "createAccount",
  { input: "CreateAccountInput!" },
  `account { id name } ${wrong}`,
);

/** The id of an account that a side makes. */
export async function newAccount({ send }: Side, name: string): Promise<string> {
  const data = await send(accountText, { input: { name } });
  return String(at(data, "createAccount", "account", "id"));
}

/** All verbs of one entity, with their errors. Each document is sent at least twice, as a new and as a known one. */
export async function everyVerb(
  side: Side,
  [type, plural]: readonly [string, string],
  fields: string,
  input: (account: string, serial: number) => Values,
  change: Values,
): Promise<void> {
  const { send } = side;
  const [one, texts] = [type.toLowerCase(), textsOf(type, plural, fields)];
  const account = await newAccount(side, `${type} owner`);
  const other = await newAccount(side, `${type} other`);
  const made: unknown[] = [];
  for (const serial of [1, 2, 3]) {
    const data = await send(texts.create, { input: input(account, serial) });
    made.push(at(data, `create${type}`, one, "id"));
  }
  const [first, second, third] = made;
  // Errors of a caller: a wrong value, a duplicate, a record that does not exist.
  await send(texts.create, { input: { ...input(account, 1), account_id: "acc-1", name: 7 } });
  await send(texts.create, { input: input(account, 1) });
  await send(texts.create, { input: { ...input(other, 4), account_id: second } });
  await send(texts.create, {});
  for (const onError of [undefined, "abort", "continue"]) {
    const serial = onError === "continue" ? 20 : 10;
    await send(texts.createMany, { inputs: [input(account, serial), input(other, 1)], onError });
    await send(texts.createMany, {
      inputs: [input(account, serial), input(account, serial + 1), input(account, 1), {}],
      onError,
    });
  }
  await send(texts.createMany, { inputs: [], onError: "continue" });
  await send(texts.createMany, { inputs: input(account, 30) });

  await send(texts.update, { id: first, input: change });
  await send(texts.update, { id: first, input: { ...change, version: 1 } });
  await send(texts.update, { id: "nonsense", input: change });
  await send(texts.update, { id: String(second).toUpperCase(), input: change });
  await send(texts.update, { id: null, input: change });
  const twice = [
    { id: second, ...change },
    { id: third, ...change },
  ];
  await send(texts.updateMany, { inputs: twice });
  await send(texts.updateMany, { inputs: [...twice, { id: first, version: 1, ...change }] });
  await send(texts.updateMany, {
    inputs: [{ id: first, version: 1, ...change }, ...twice],
    onError: "continue",
  });

  for (const [single, many] of [
    [texts.remove, texts.removeMany],
    [texts.restore, texts.restoreMany],
  ] as const) {
    await send(single, { id: first });
    await send(single, { id: first });
    await send(single, { id: second, version: 1 });
    await send(many, { inputs: [{ id: second }, { id: third }] });
    await send(many, { inputs: [{ id: second }, { id: first }], onError: "continue" });
  }
  for (const serial of [40, 40, 41]) await send(texts.upsert, { input: input(account, serial) });
  await send(texts.upsert, { input: {} });
}

/** A contact, told apart by its number. */
export const nora = (account: string, serial: number): Values => ({
  account_id: account,
  first_name: "Nora",
  last_name: `O'Neil "${serial}" \u2028\\`,
  email: `nora-${serial}@harbor.example`,
});
/** A deal, told apart by its number. */
export const crane = (account: string, serial: number): Values => ({
  account_id: account,
  name: `Crane ${serial}`,
  deal_number: `${account} ${serial}`,
});
