import { maxAnswerBytes } from "../../db/work.ts";
import { join, raw, sql, type Sql } from "../../lib/sql.ts";
import { textOf, type Json } from "./json.ts";
import { joined, type Joined } from "./row-sql.ts";

/** Fails with "division by zero", which the lane reports as an answer that is too long. */
const tooLong = (size: Sql): Sql => sql`(1 / (${size} * 0))::text`;

/** A text; the statement fails if it is longer than an answer may be. */
export const boundedText = (text: Sql): Sql =>
  sql`(SELECT CASE WHEN octet_length(a.j) <= ${raw(String(maxAnswerBytes))} THEN a.j ELSE ${tooLong(sql`octet_length(a.j)`)} END FROM (SELECT ${text} AS j OFFSET 0) a)`;

/** The type modifier of a varchar is its length and this. */
const modifierOffset = 4;

/**
 * The text of one of at most `count` records: the statement fails with "value too long" if it has more characters than
 * its share of an answer. The function returns all other texts as they are; a cast would cut long ones off, and a CASE
 * would make each text twice.
 */
export function shareOf(json: Json, count: number): Json {
  const modifier = raw(String(Math.floor(maxAnswerBytes / count) + modifierOffset));
  return [sql`pg_catalog."varchar"(${textOf(json)}, ${modifier}, false)`];
}

/**
 * The texts of a list's records, if they can be long (prose or JSON). The length of each row's text is added to the
 * rows before it. The statement fails as soon as the sum exceeds an answer, before PostgreSQL holds all texts.
 */
export function boundedTexts(alias: string) {
  const texts: Sql[] = [];
  const size = raw(`${alias}.size`);
  return {
    get isUsed() {
      return texts.length > 0;
    },
    /** Adds a text as a column of the rows, and gives the expression that reads it. */
    add: (json: Json): Json => {
      const column = raw(`${alias}.x${texts.length}`);
      texts.push(textOf(json));
      const most = raw(String(maxAnswerBytes));
      return [sql`CASE WHEN ${size} <= ${most} THEN ${column} ELSE ${tooLong(size)} END`];
    },
    /** The cost of a row, read from a column as well. */
    costs: ({ cost, costs }: Joined): Joined => ({
      ...joined(),
      cost,
      costs: costs.length === 0 ? [] : [raw(`${alias}.price`)],
    }),
    from: (rows: Sql, { costs }: Joined): Sql => {
      const columns = [
        raw(`${alias}.*`),
        ...texts.map((text, index) => sql`${text} AS ${raw(`x${index}`)}`),
        ...(costs.length === 0 ? [] : [sql`${join(costs, " + ")} AS price`]),
      ];
      const lengths = texts.map((_, index) => raw(`octet_length(b.x${index})`));
      const sum = sql`sum(${join(lengths, " + ")}) OVER (ROWS UNBOUNDED PRECEDING) AS size`;
      return sql`(SELECT b.*, ${sum} FROM (SELECT ${join(columns, ", ")} FROM ${rows} OFFSET 0) b) ${raw(alias)}`;
    },
  };
}
