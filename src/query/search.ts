import { badInput } from "../lib/errors.ts";
import { searchedNumber, type SearchedNumber } from "../model/kinds/phone.ts";
import { comparedLength, maxPartLength, readText } from "../lib/text.ts";
import type { Entity } from "../model/entity.ts";
import { folded, hasPart } from "../model/kinds/parts/part.ts";
import type { SortTerm } from "./order.ts";
import { all, any, join, param, raw, sql, type Sql } from "../lib/sql.ts";

const maxWords = 10;
/** Shorter searches have too few trigrams for "similar" to mean anything. */
const minFuzzyLength = 4;

/** What is searched for: words, or some of them together as the number that they write. */
export type SearchWords = {
  readonly phrase: string;
  readonly terms: readonly Term[];
};
type Term = { readonly text: string; readonly number: SearchedNumber | null };

/** Reads a search; null when there is no word in it. */
export function searchWords(
  search: string | null | undefined,
  argument = "search",
): SearchWords | null {
  if (search === null || search === undefined) return null;
  const given = readText(search, [argument])
    .split(/\s+/)
    .filter((word) => word !== "");
  const isLong = search.length > maxPartLength || comparedLength(search) > maxPartLength;
  if (isLong || given.length > maxWords) {
    throw badInput(
      [argument],
      `at most ${maxPartLength} characters and ${maxWords} words; search for less.`,
    );
  }
  // What nobody sees is in every text.
  const words = given.filter((word) => comparedLength(word) > 0);
  if (words.length === 0 && given.length > 0) {
    throw badInput([argument], { complaint: "noWord" });
  }
  return words.length === 0 ? null : { phrase: words.join(" "), terms: termsOf(words) };
}

const isNumberPart = (word: string): boolean => /^[+\p{Nd}\p{Pd}()./]+$/u.test(word);

/** Words side by side that are nothing but parts of a number are that number, if they have enough digits. */
function termsOf(words: readonly string[]): Term[] {
  const terms = new Map<string, Term>();
  const add = (text: string, number: SearchedNumber | null) => terms.set(text, { text, number });
  for (let start = 0; start < words.length;) {
    let end = start;
    while (end < words.length && isNumberPart(words[end] ?? "")) end += 1;
    const text = words.slice(start, end).join(" ");
    const number = searchedNumber(text);
    if (number !== null) add(text, number);
    else for (const word of words.slice(start, Math.max(end, start + 1))) add(word, null);
    start = Math.max(end, start + 1);
  }
  return [...terms.values()];
}

/**
 * Rows whose search_text holds every word as a part of it, a number by its digits, or the whole search nearly (trigram
 * similarity). One similarity for the whole, not one a word: the index then narrows by all words at once.
 */
export function searchCondition(alias: string, { phrase, terms }: SearchWords): Sql {
  const column = raw(`${alias}."search_text"`);
  const isIn = (text: string) => hasPart(column, "contains", text);
  const parts = all(
    terms.map(({ text, number }) => {
      const asWritten = all(text.split(" ").map(isIn));
      return number === null ? asWritten : any([isIn(number.national), asWritten]);
    }),
  );
  // A number that is only like another one is somebody else's.
  return phrase.length < minFuzzyLength || terms.every(({ number }) => number !== null)
    ? parts
    : any([parts, sql`${column} %> ${folded(param(phrase, "text"))}`]);
}

/** Best match first. */
export function scoreTerm(alias: string, entity: Entity, words: SearchWords): SortTerm {
  return {
    key: "score desc",
    expression: scoreSql(alias, entity, words),
    type: "real",
    descending: true,
    nullsFirst: true,
    nullable: false,
  };
}

/** What stands before a word. */
const boundaries = "\n-./,@(&\"'";
const spaced = (text: Sql): Sql =>
  sql`translate(${text}, ${param(boundaries, "text")}, ${param(" ".repeat(boundaries.length), "text")})`;
const has = (place: Sql, text: Sql): Sql => sql`strpos(${place}, ${text}) > 0`;

/**
 * How well a row matches, from 0 to 1. The level counts most: a name or number is the search; one begins with it; the
 * search's words begin words of the names; they are in the names; they are in the other texts; all is only alike. Then
 * the kind of record, then how much of the name the search is.
 */
export function scoreSql(alias: string, entity: Entity, { phrase, terms }: SearchWords): Sql {
  const column = raw(`${alias}."search_text"`);
  const [names, whole, begin] = [raw("names"), raw("whole"), raw("E'\\n' || whole")];
  const words = terms.map((_, index) => raw(`word${index}`));
  const number = terms.length === 1 ? (terms[0]?.number ?? null) : null;
  const digits = (text: string) => param(text, "text");
  // The line that begins with the search: the shorter, the more of it was said.
  const line = sql`split_part(substr(names, strpos(names, ${begin}) + 1), E'\\n', 1)`;
  const name = raw("split_part(names, E'\\n', 2)");
  const share = (of: Sql) => sql`least(1, length(whole)::real / greatest(1, length(${of})))`;
  const levels: readonly (readonly [condition: Sql, level: number, closeness: Sql])[] = [
    [has(names, sql`${begin} || E'\\n'`), 5, raw("1")],
    ...(number === null
      ? []
      : ([
          [has(names, sql`E'\\n' || ${digits(number.digits)} || E'\\n'`), 5, raw("1")],
          [has(names, sql`${digits(number.national)} || E'\\n'`), 5, raw("0.5")],
        ] as const)),
    [has(names, begin), 4, share(line)],
    [all(words.map((word) => has(raw("spaced"), sql`' ' || ${spaced(word)}`))), 3, share(name)],
    [all(words.map((word) => has(names, word))), 2, share(name)],
    [all(words.map((word) => has(column, word))), 1, sql`(${has(column, whole)})::int`],
  ];
  const cases = levels.map(
    ([condition, level, closeness]) =>
      sql`WHEN ${condition} THEN ${raw(String(level))} + 0.19 * ${closeness}`,
  );
  const kind = raw(String(entity.searchRank / 5));
  const said = terms.map(({ text, number: one }, index) => {
    const word = one === null ? folded(param(text, "text")) : digits(one.national);
    return sql`${word} AS ${raw(`word${index}`)}`;
  });
  // Computed once (OFFSET keeps PostgreSQL from putting the expressions where the names are).
  const read = sql`SELECT split_part(${column}, E'\\f', 1) AS names, ${folded(param(phrase, "text"))} AS whole, ${join(said, ", ")} OFFSET 0`;
  return sql`(SELECT ((CASE ${join(cases, " ")} ELSE 0.19 * word_similarity(whole, ${column}) END + ${kind}) / 6)::real FROM (SELECT *, ${spaced(names)} AS spaced FROM (${read}) r OFFSET 0) s)`;
}
