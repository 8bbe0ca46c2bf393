import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Piece } from "./fence.ts";
import {
  keptCharacters,
  keptTexts,
  rememberedCharacters,
  unprepared,
  type Asking,
  type Preparing,
  type RecentTexts,
  type Texts,
} from "./prepared-texts.ts";

/** What the names begin with: only these are ever deallocated. */
const prefix = "crm_";

/**
 * Texts that are prepared on connections that clients of a pooler share. The name is a hash of the text, so that each
 * gateway means the same by it. Nobody knows which connection a statement meets, so the name is believed to be there. If
 * it is not, PostgreSQL refuses the statement before it runs, and it is sent again with its text (`afresh`).
 */
export class SharedTexts implements Texts {
  readonly #recent: RecentTexts;
  /** The names of texts that some connection has. */
  readonly #names = new LRUCache<string, string>({
    maxSize: rememberedCharacters,
    sizeCalculation: (_, text) => text.length + 1,
  });
  readonly room = room;

  constructor(recent: RecentTexts) {
    this.#recent = recent;
  }

  use(text: string, asking: Asking): Preparing {
    if (asking === "once") return unprepared;
    const known = this.#names.get(text);
    if (known !== undefined && asking === "usual")
      return { name: known, isNew: false, forgotten: [] };
    if (known === undefined && !this.#recent.hasCome(text)) return unprepared;
    const name = known ?? `${prefix}${createHash("sha256").update(text).digest("base64url")}`;
    this.#names.set(text, name);
    // Whatever is there is closed first. To close a name that is not there is no error.
    return { name, isNew: true, forgotten: [name] };
  }

  /** What went wrong on one connection says nothing of the others. */
  forget(): void {}

  closeAgain(): void {}
}

/**
 * Deallocates statements of a connection that has too many, down to half of what it may have. Those stay that are used
 * most often; ten minutes more for each, so that one that has just come does not seem to be used all the time.
 */
const room: Piece = {
  text: `DO $$ DECLARE old text; BEGIN
    IF (SELECT count(*) > ${keptTexts} OR sum(length(statement)) > ${keptCharacters} FROM pg_prepared_statements) THEN
      FOR old IN SELECT name FROM (
        SELECT name, row_number() OVER by_use AS place, sum(length(statement)) OVER by_use AS characters
        FROM pg_prepared_statements WHERE starts_with(name, '${prefix}')
        WINDOW by_use AS (ORDER BY (generic_plans + custom_plans)
          / (extract(epoch FROM clock_timestamp() - prepare_time) + 600) DESC, name)) kept
        WHERE place > ${keptTexts / 2} OR characters > ${keptCharacters / 2}
      LOOP EXECUTE format('DEALLOCATE %I', old); END LOOP;
    END IF; END $$`,
  values: [],
  comesOnce: true,
};
