import { badInput } from "../lib/errors.ts";
import { assertStorable, escapeLike } from "../lib/text.ts";
import type { SortTerm } from "./order.ts";
import { all, any, param, raw, sql, type Sql } from "./sql.ts";

export const maxSearchLength = 200;
const maxWords = 10;
/** Shorter searches have too few trigrams for "similar" to mean anything. */
const minFuzzyLength = 4;

/** The words of a search; null when there are none. */
export function searchWords(
  search: string | null | undefined,
  argument = "search",
): string[] | null {
  if (search === null || search === undefined) return null;
  assertStorable(search, [argument]);
  const words = [
    ...new Set(
      search
        .trim()
        .split(/\s+/)
        .filter((word) => word !== ""),
    ),
  ];
  if (search.length > maxSearchLength || words.length > maxWords) {
    throw badInput(
      `${argument}: at most ${maxSearchLength} characters and ${maxWords} words; search for less.`,
      [argument],
    );
  }
  return words.length === 0 ? null : words;
}

/**
 * Rows whose search_text holds every word as a part of it, or the whole search nearly (trigram similarity).
 * One similarity for the whole, not one a word: the index then narrows by all words at once.
 */
export function searchCondition(alias: string, words: readonly string[]): Sql {
  const text = raw(`${alias}."search_text"`);
  const phrase = words.join(" ");
  const parts = all(
    words.map((word) => sql`${text} ILIKE ${param(`%${escapeLike(word)}%`, "text")}`),
  );
  return phrase.length < minFuzzyLength
    ? parts
    : any([parts, sql`${text} %> ${param(phrase, "text")}`]);
}

/** Best match first: how much of the search stands together in the row's text, from 0 to 1. */
export function scoreTerm(alias: string, words: readonly string[]): SortTerm {
  return {
    key: "score desc",
    expression: scoreSql(alias, words),
    type: "real",
    descending: true,
    nullsFirst: true,
    nullable: false,
  };
}

/** The score itself as SQL. */
export function scoreSql(alias: string, words: readonly string[]): Sql {
  return sql`word_similarity(${param(words.join(" "), "text")}, ${raw(`${alias}."search_text"`)})`;
}
