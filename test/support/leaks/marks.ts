import type { Document } from "./schema.ts";

/** What a tenant's values look like, so that they are known again wherever they turn up. */
export type Mark = {
  /** Begins every text. */
  readonly word: string;
  /** Tell the rows and columns apart; two marks have no letters in common, so that no search takes one for the other. */
  readonly letters: string;
  /** Begins every number. */
  readonly digits: string;
  /** The year of every day and instant. */
  readonly year: string;
};

/** The values of the tenant that asks. They sort behind the others. */
export const ours: Mark = {
  word: "zzoozz",
  letters: "npqrvwxyuz",
  digits: "91119",
  year: "2081",
};
/** The values of the tenant that must not be seen. */
export const theirs: Mark = {
  word: "theirs",
  letters: "bcdfghjklm",
  digits: "77707",
  year: "2077",
};
/** What nobody has, and which has the same place among the values of the tenant that asks. */
export const absent: Mark = {
  word: "absent",
  letters: "bcdfghjklm",
  digits: "77717",
  year: "2078",
};

/** A text that no other row or column has. */
export function codeOf({ letters }: Mark, number: number): string {
  return String(number)
    .padStart(4, "0")
    .replace(/\d/g, (digit) => letters[Number(digit)] ?? "");
}

const uuid = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const parts = new RegExp(`${uuid}|theirs|absent|77\\.?7[01]7|207[78]-`, "gi");

const markPairs: readonly (readonly [string, string])[] = [
  [theirs.word, absent.word],
  [theirs.digits, absent.digits],
  ["77.707", "77.717"],
  [`${theirs.year}-`, `${absent.year}-`],
];

/** Turns what one tenant has into what nobody has, and back: the same texts with other marks and other ids. */
export class Swap {
  readonly #away: ReadonlyMap<string, string>;
  readonly #back: ReadonlyMap<string, string>;

  /** UUIDs that the tenant has, each with one that nobody has. */
  constructor(ids: readonly (readonly [taken: string, free: string])[]) {
    const pairs = [...ids, ...markPairs];
    this.#away = new Map(pairs);
    this.#back = new Map(pairs.map(([taken, free]) => [free, taken]));
  }

  /** The same question about what nobody has. */
  toAbsent({ variables, ...document }: Document): Document {
    const swapped = Object.entries(variables).map(([name, value]) => [name, this.#value(value)]);
    return { ...document, variables: Object.fromEntries(swapped) };
  }

  /** An answer about what is absent, as if it were about theirs. */
  toTheirs(text: string): string {
    return this.#text(text, false);
  }

  /** What of theirs is in a text and was not given with the question. */
  leaked(text: string, given: string): readonly string[] {
    const known = new Set(given.match(parts)?.map((part) => part.toLowerCase()));
    return (text.match(parts) ?? []).filter((part) => {
      const taken = part.toLowerCase();
      return this.#away.has(taken) && !known.has(taken);
    });
  }

  #value(value: unknown): unknown {
    if (typeof value === "string") return this.#stringToAbsent(value);
    if (typeof value === "number") return Number(this.#text(String(value), true));
    if (Array.isArray(value)) return value.map((item) => this.#value(item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#value(item)]));
  }

  #stringToAbsent(text: string): string {
    const decoded = Buffer.from(text, "base64url").toString("utf8");
    if (!decoded.startsWith('["')) return this.#text(text, true);
    return Buffer.from(this.#text(decoded, true)).toString("base64url");
  }

  #text(text: string, toAbsent: boolean): string {
    const pairs = toAbsent ? this.#away : this.#back;
    return text.replace(parts, (part) => pairs.get(part.toLowerCase()) ?? part);
  }
}
