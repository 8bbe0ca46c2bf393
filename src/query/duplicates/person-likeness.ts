import { wordLikeness } from "./likeness.ts";

/** First and last name as `match_words` leaves them; "" for none. */
type PersonName = { readonly first: string; readonly last: string };

type NameLikeness = {
  /** How far the names speak for one person, 0 to 1; 0 when they do not, or one is missing. */
  readonly agreement: number;
  /** How much the letters are the same, 0 to 1. */
  readonly similarity: number;
  /** What makes them another's: the whole, or the family name only (people marry). */
  readonly contradiction: "person" | "family" | null;
};

/** What people are called, by the name that stands in papers. */
const shortNames: Readonly<Record<string, string>> = {
  robert: "bob bobby rob robbie",
  william: "bill billy will willy",
  richard: "dick rick ricky rich",
  james: "jim jimmy jamie",
  john: "jack johnny",
  michael: "mike mick mickey",
  thomas: "tom tommy",
  daniel: "dan danny",
  matthew: "matt",
  anthony: "tony",
  andrew: "andy drew",
  elizabeth: "liz lizzy beth betty",
  margaret: "maggie meg peggy",
  katherine: "kate katie kathy cathy",
  jennifer: "jen jenny",
  patricia: "pat patty tricia",
  susan: "sue susie",
  christopher: "chris",
  alexander: "alex sasha",
  joseph: "joe joey",
  edward: "ed eddie ted",
  charles: "charlie chuck",
  steven: "steve",
  nicholas: "nick",
  samuel: "sam",
  benjamin: "ben",
  jessica: "jess jessie",
  rebecca: "becky becca",
  deborah: "deb debbie",
};
const fullNames = new Map(
  Object.entries(shortNames).flatMap(([full, short]) =>
    // match_words takes an e from behind a, o and u.
    short
      .split(" ")
      .map((name) => [name.replace(/([aou])e/g, "$1"), full.replace(/([aou])e/g, "$1")]),
  ),
);

/** Compares two people's names, straight and with first and last swapped. */
export function personLikeness(left: PersonName, right: PersonName): NameLikeness {
  const straight = compare(left, right);
  const swapped = compare(left, { first: right.last, last: right.first });
  return swapped.agreement > straight.agreement ? swapped : straight;
}

/** Words of a first or last name that are compared with each other. */
const maxWords = 8;
const short = 0.75;
const initial = 0.7;

function compare(left: PersonName, right: PersonName): NameLikeness {
  const none: NameLikeness = { agreement: 0, similarity: 0, contradiction: null };
  if (`${left.first}${left.last}` === "" || `${right.first}${right.last}` === "") return none;
  const first = partLikeness(left.first, right.first);
  const last = partLikeness(left.last, right.last);
  if (first === 0) return { ...none, contradiction: "person" };
  if (last === 0) return { ...none, contradiction: "family" };
  // A first or a last name alone says little.
  if (first === null || last === null) {
    const known = first ?? last ?? 0;
    return { agreement: known * initial, similarity: known, contradiction: null };
  }
  return { agreement: first * last, similarity: (first + last) / 2, contradiction: null };
}

/** How much two first or two last names are the same; null when one is missing. */
function partLikeness(left: string, right: string): number | null {
  if (left === "" || right === "") return null;
  if (left === right) return 1;
  const [words, others] = [left.split(" "), right.split(" ")];
  if (words.join("") === others.join("")) return 1;
  // Nobody is called so; only what is the same is the same.
  if (Math.max(words.length, others.length) > maxWords) return 0;
  // "Anna Maria" and "Anna", "García Pérez" and "García".
  const [fewer, more] = words.length <= others.length ? [words, others] : [others, words];
  const found = fewer.map((word) => Math.max(...more.map((other) => nameLikeness(word, other))));
  const least = Math.min(...found);
  return fewer.length < more.length ? least * 0.9 : least;
}

function nameLikeness(left: string, right: string): number {
  if (left === right) return 1;
  if (left.length === 1 || right.length === 1) return left[0] === right[0] ? initial : 0;
  if ((fullNames.get(left) ?? left) === (fullNames.get(right) ?? right)) return short;
  return wordLikeness(left, right);
}
