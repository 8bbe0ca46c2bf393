import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputObjectType,
} from "graphql";
import { schema } from "../gateway/schema.ts";
import { documentOf } from "./calls.ts";
import {
  entityTypes,
  fieldsOf,
  isListed,
  leaves,
  operationalTypes,
  type Document,
} from "./schema.ts";
import type { Values } from "./values.ts";

type Args = Readonly<Record<string, unknown>>;
type MutationField = GraphQLField<unknown, unknown>;
type Input = GraphQLInputField | GraphQLArgument;

/** All mutations. */
export function mutationFields(): readonly MutationField[] {
  return Object.values(schema.getMutationType()?.getFields() ?? {});
}

/** Makes what is sent to mutations: records of `own` are written to, with values and ids that `other` has. */
export class Mutations {
  readonly #own: Values;
  readonly #other: Values;
  #count = 0;

  constructor(own: Values, other: Values) {
    this.#own = own;
    this.#other = other;
  }

  /** A mutation with each of its arguments and input fields in turn holding what the other has. */
  of(field: MutationField): readonly Document[] {
    return field.args.flatMap((argument) => {
      const type = getNamedType(argument.type);
      const values = isInputObjectType(type)
        ? this.#inputs(type, entityOf(field.name), field.name).map((value) =>
            isListed(argument.type) ? [value] : value,
          )
        : this.#values(argument, entityOf(field.name));
      return values.map((value, index) =>
        documentOf(
          [
            {
              name: field.name,
              steps: [
                { field: field.name, args: { ...this.needed(field), [argument.name]: value } },
              ],
              selection: index === 0 ? leaves(field.type, 1) : shortPayload(field.type),
            },
          ],
          "mutation",
        ),
      );
    });
  }

  /** What a mutation cannot do without: records of its own. */
  needed({ name, args }: MutationField): Args {
    const entity = entityOf(name);
    const needed = args.filter(({ type }) => String(type).endsWith("!"));
    return Object.fromEntries(
      needed.map((argument) => {
        const type = getNamedType(argument.type);
        if (isEnumType(type)) return [argument.name, type.getValues()[0]?.name];
        if (!isInputObjectType(type)) {
          // Each copy of a tenant has keys of its own.
          const values = entity === "ApiKey" ? this.#other : this.#own;
          const target = targetOf(argument.name, entity);
          const id = values.id(target, argument.name === "from" ? 1 : 0);
          return [argument.name, isListed(argument.type) ? [id] : id];
        }
        const input = this.#least(type, entity, name);
        return [argument.name, isListed(argument.type) ? [input] : input];
      }),
    );
  }

  /** The least that an input takes to be written. */
  #least(type: GraphQLInputObjectType, entity: string, mutation: string): Args {
    const number = ++this.#count;
    const text = `zzoozz${number}`;
    const needed = Object.values(type.getFields()).flatMap((field): [string, unknown][] => {
      if (!String(field.type).endsWith("!")) return [];
      const named = getNamedType(field.type);
      if (named.name === "ID") return [[field.name, this.#own.id(targetOf(field.name, entity))]];
      if (isEnumType(named)) return [[field.name, named.getValues()[0]?.name]];
      if (field.name === "scopes") return [[field.name, ["read:*"]]];
      if (field.name === "url") return [[field.name, "http://127.0.0.1:9/"]];
      if (field.name === "phone") return [[field.name, "+14045550100"]];
      return [[field.name, named.name === "EmailAddress" ? `${text}@zz.example` : text]];
    });
    const least = Object.fromEntries(needed);
    const takesId = /^update.*s$/.test(mutation) && "id" in type.getFields();
    if (takesId) least["id"] = this.#own.id(entity);
    if ("account_id" in type.getFields() && entity === "Activity")
      least["account_id"] = this.#own.id("Account");
    if (mutation.startsWith("createCustomer")) least["company_name"] = text;
    if (!mutation.startsWith("upsert")) return least;
    const keys: Readonly<Record<string, Args>> = {
      Account: { email: `${text}@zz.example` },
      Contact: { email: `${text}@zz.example` },
      Deal: { deal_number: text, account_id: this.#own.id("Account") },
      Quote: { quote_number: text, account_id: this.#own.id("Account") },
    };
    return { ...least, ...keys[entity] };
  }

  /** An input with each of its fields in turn; of a list of inputs, which one record has as well, only what names records. */
  #inputs(type: GraphQLInputObjectType, entity: string, mutation: string): readonly Args[] {
    const takesMany = mutation.endsWith("s");
    const fields = Object.values(type.getFields()).filter(
      ({ name, type: own }) => !takesMany || name === "version" || getNamedType(own).name === "ID",
    );
    return fields.flatMap((field) => {
      const named = getNamedType(field.type);
      const values = isInputObjectType(named)
        ? this.#inputs(named, innerEntity(named.name), "").map((value) => [value])
        : this.#values(field, entity);
      return values.map((value) => ({
        ...this.#least(type, entity, mutation),
        [field.name]: value,
      }));
    });
  }

  #values({ name, type }: Input, entity: string): readonly unknown[] {
    const named = getNamedType(type);
    const listed = (value: unknown): unknown =>
      isListed(type) && !Array.isArray(value) ? [value] : value;
    if (isEnumType(named)) return named.getValues().map((value) => listed(value.name));
    if (name === "scopes") return [["read:*", "write:theirs"], ["read:*"]];
    if (named.name === "Boolean") return [true, false];
    if (named.name === "ID") {
      const id = this.#other.id(targetOf(name, entity));
      return [id, id.slice(id.indexOf("-") + 1)].map(listed);
    }
    // Added up with what is there, a mark would not be known again.
    if (entity === "LineItem" && named.name === "Decimal") return ["12.5"];
    const value = this.#other.pick(entity, fieldFor(name)) ?? standIns[named.name];
    return [listed(value)];
  }
}

const shortErrors = `userErrors { __typename message code path ... on DuplicateError { existingId existing { __typename id } }
  ... on ConflictError { current { __typename id } } }`;

/** A payload with its records, and without all that records of every kind could tell in an error. */
function shortPayload(type: MutationField["type"]): string {
  const parts = fieldsOf(type).map(({ name, type: inner }) => {
    if (name === "userErrors") return shortErrors;
    const target = getNamedType(inner).name;
    if (entityTypes.has(target)) return `${name} { ${leaves(inner, 0)} }`;
    if (fieldsOf(inner).length === 0) return name;
    return `${name} { ${shortPayload(inner)} }`;
  });
  return parts.join(" ");
}

/** `createAccounts` → `Account`, by the longest name of an entity in it. */
function entityOf(mutation: string): string {
  if (mutation === "createCustomer") return "Contact";
  if (mutation === "redeliver") return "WebhookDelivery";
  if (mutation === "updateTask") return "Activity";
  if (mutation.endsWith("Tags")) return "Deal";
  const singular = mutation.replace(/ies$/, "y");
  const found = [...entityTypes, ...operationalTypes].filter((name) => singular.includes(name));
  return found.toSorted((a, b) => b.length - a.length)[0] ?? "";
}

const innerEntity = (input: string): string =>
  input === "QuoteLineItemInput" ? "LineItem" : "Account";

/** What an id names: `parent_account_id` an account, `id` the record itself. */
function targetOf(field: string, entity: string): string {
  if (field === "api_key_id") return "ApiKey";
  const word = /(account|contact|deal|quote|department)(?:_ids?|Ids?)$/.exec(field)?.[1];
  return word === undefined ? entity : `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}

/** `legal_name` → `legalName`; twin names as the graph calls them. */
function fieldFor(name: string): string {
  return name
    .replace(/^phone_1/, "phone")
    .replace(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());
}

/** For what no field of the graph holds, in its marks. */
const standIns: Readonly<Record<string, unknown>> = {
  String: "theirs",
  Int: 777_071,
  Decimal: "77707.5",
  Date: "2077-01-02",
  DateTime: "2077-01-02T10:20:30.000Z",
  EmailAddress: "theirs@theirs.example",
  URL: "https://theirs.example/",
  Currency: "USD",
  JSON: { word: "theirs" },
};
