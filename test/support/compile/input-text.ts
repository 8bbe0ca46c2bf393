import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  type GraphQLInputType,
} from "graphql";
import type { Random } from "../../../src/seed/random.ts";

/** Names with a meaning of their own in the executor, the compiler or JavaScript's objects. */
const names = ["coerced", "sources", "first", "id", "_", "proto", "Query", "on_", "viewer", "p1"];

/** Prints arguments in a document, as literals or as variables of every shape. */
export class InputText {
  readonly #random: Random;
  readonly #declared: string[] = [];
  /** JSON texts by name, in which numbers keep their digits. */
  readonly #sent = new Map<string, string>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** `$a: Int, $b: String = "x"`; empty when there are none. */
  get declarations(): string {
    return this.#declared.join(", ");
  }

  get sent(): ReadonlyMap<string, string> {
    return this.#sent;
  }

  /** The text of an argument's value; `optional` if the field does not require it. */
  ofArgument(type: GraphQLInputType, value: unknown, optional: boolean): string {
    return this.#of(type, value, 0.35, optional);
  }

  /** `variable` is the probability of a variable, 0 to 1. */
  #of(type: GraphQLInputType, value: unknown, variable: number, optional = true): string {
    // The keys of a JSON object may not be names in GraphQL, so it is sent as a variable.
    const mustBeSent = isJson(type) && typeof value === "object" && value !== null;
    if ((mustBeSent && variable > 0) || this.#random.chance(variable)) {
      return this.#variable(type, value, { hasLiteral: !mustBeSent, optional });
    }
    return this.#literal(type, value, variable / 3);
  }

  #literal(type: GraphQLInputType, value: unknown, variable: number): string {
    if (isNonNullType(type)) return this.#literal(type.ofType, value, variable);
    if (value === null) return "null";
    if (isListType(type)) {
      if (!Array.isArray(value)) return this.#of(type.ofType, value, variable);
      const items = value.map((item: unknown) => this.#of(type.ofType, item, variable));
      // GraphQL takes a single item for a list of one.
      return items.length === 1 && this.#random.chance(0.2)
        ? `${items[0]}`.replace(/^\$.*/, (name) => `[${name}]`)
        : `[${items.join(", ")}]`;
    }
    if (isInputObjectType(type) && typeof value === "object") {
      const fields = type.getFields();
      const parts = Object.entries(value).flatMap(([name, item]) => {
        const field = fields[name];
        return field === undefined || item === undefined
          ? []
          : [`${name}: ${this.#of(field.type, item, variable)}`];
      });
      return `{ ${parts.join(", ")} }`;
    }
    if (typeof value !== "string") return jsonLiteral(value);
    return isEnumType(type) ? value : this.#text(type.name, value);
  }

  #text(type: string, value: string): string {
    if (type === "Decimal" && /^-?(0|[1-9]\d*)(\.\d+)?$/.test(value) && this.#random.chance(0.3)) {
      return value;
    }
    const isPlain = /^[^\s"\\\p{C}]+$/u.test(value);
    return isPlain && this.#random.chance(0.1) ? `"""${value}"""` : JSON.stringify(value);
  }

  #variable(
    type: GraphQLInputType,
    value: unknown,
    { hasLiteral, optional }: { readonly hasLiteral: boolean; readonly optional: boolean },
  ): string {
    const random = this.#random;
    const name = this.#newName();
    const bare = isNonNullType(type) ? String(type.ofType) : String(type);
    const declare = (as: string, byDefault: unknown) => {
      const text = byDefault === undefined ? "" : ` = ${this.#constant(type, byDefault)}`;
      this.#declared.push(`$${name}: ${as}${text}`);
    };
    const send = () => this.#sent.set(name, this.#json(type, value));
    const [form] = random.some(
      1,
      ["sent", "sent", "sent", "strict", "other default", "default", "default", "null or missing"]
        // A default is a literal. A required value is always sent or defaulted.
        .filter((one) => hasLiteral || !one.includes("default"))
        .filter((one) => !isNonNullType(type) || !/strict|missing/.test(one))
        .filter((one) => optional || !one.includes("missing")),
    );
    if (form === "default") declare(bare, value);
    else if (form === "other default") {
      declare(bare, isNonNullType(type) ? value : random.pick([null, value]));
      send();
    } else if (form === "null or missing") {
      declare(bare, random.chance(0.3) ? null : undefined);
      if (random.chance(0.5)) this.#sent.set(name, "null");
    } else {
      declare(form === "strict" && value !== null ? `${bare}!` : String(type), undefined);
      send();
    }
    return `$${name}`;
  }

  #constant(type: GraphQLInputType, value: unknown): string {
    return new InputText(this.#random).#literal(type, value, 0);
  }

  #json(type: GraphQLInputType, value: unknown): string {
    const isNumber = typeof value === "string" && /^-?[1-9]\d*(\.\d+)?$/.test(value);
    if (isNumber && String(getNamedType(type)) === "Decimal" && this.#random.chance(0.3)) {
      return value;
    }
    return JSON.stringify(value);
  }

  #newName(): string {
    const number = this.#declared.length;
    const name = this.#random.pick(names);
    const isFree = !this.#declared.some((one) => one.startsWith(`$${name}:`));
    return isFree && this.#random.chance(0.3) ? name : `v${number}`;
  }

  /** A Boolean for a directive. */
  condition(): string {
    const random = this.#random;
    if (random.chance(0.4)) return String(random.chance(0.6));
    const name = this.#newName();
    const value = random.chance(0.6);
    const byDefault = random.weighted([
      ["", 4],
      [` = ${String(!value)}`, 2],
      [` = ${String(value)}`, 1],
    ]);
    this.#declared.push(`$${name}: Boolean!${byDefault}`);
    if (byDefault === "" || random.chance(0.6)) this.#sent.set(name, String(value));
    return `$${name}`;
  }
}

/** JSON without members whose names are not valid in a GraphQL literal. */
function jsonLiteral(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonLiteral).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([name]) => /^[_a-z]\w*$/i.test(name));
  return `{ ${members.map(([name, item]) => `${name}: ${jsonLiteral(item)}`).join(", ")} }`;
}

const isJson = (type: GraphQLInputType): boolean => String(getNamedType(type)).startsWith("JSON");
