import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startLanes, type Lanes } from "../support/compile/lanes.ts";
import { runSeed } from "../support/run/run-length.ts";

let lanes: Lanes;
beforeAll(async () => {
  lanes = await startLanes(runSeed, { fenced: false });
});
afterAll(() => lanes.close());

/** Mistakes that a compiler could make. Each is put into the SQL of all statements. */
const breaks: Readonly<Record<string, (text: string) => string>> = {
  "a tenant condition is missing at the innermost level": (text) => {
    const conditions = [...text.matchAll(/\w+\."tenant_id" = (\$\d+)::uuid/g)];
    const last = conditions.at(-1);
    // Another level still uses the parameter.
    return last === undefined || conditions.length < 2
      ? text
      : `${text.slice(0, last.index)}TRUE${text.slice(last.index + last[0].length)}`;
  },
  "an application's condition is missing": (text) =>
    text.replaceAll(/(\w+\."app_id" = \$\d+::text)/g, "($1 OR TRUE)"),
  "an alias is lost": (text) => text.replaceAll('"total":', '"nodes":'),
  "nulls come at the other end": (text) =>
    text.replaceAll(
      /NULLS (FIRST|LAST)/g,
      (_, end) => `NULLS ${end === "LAST" ? "FIRST" : "LAST"}`,
    ),
  "a decimal goes through a float": (text) =>
    text.replaceAll(/trim_scale\(([^()]+)\)::text/g, "$1::float8::text"),
  "deleted records are shown": (text) => text.replaceAll(/\w+\."deleted_at" IS NULL/g, "TRUE"),
  "a page is one record short": (text) =>
    text.replaceAll(/\.n <= (\d+|\$\d+::integer)/g, ".n < $1"),
};

/** The compiled statements of the operations so far. */
const known: (readonly string[])[] = [];

/** The statements that an operation compiles to, without a mistake. */
async function statementsOf(number: number): Promise<readonly string[]> {
  const texts: string[] = [];
  lanes.rewriteStatements((text) => {
    texts.push(text);
    return text;
  });
  await lanes.send(lanes.request(number));
  return texts;
}

/** Most mistakes show after a few dozen operations, and with bad luck after some hundreds. */
const mostOperations = 3_000;

describe(`the comparison of both lanes finds that (CRM_TEST_SEED=${runSeed})`, () => {
  it.each(Object.entries(breaks))(
    "%s",
    async (_, rewrite) => {
      let found: string | null = null;
      for (let number = 0; number < mostOperations && found === null; number += 1) {
        const texts = (known[number] ??= await statementsOf(number));
        // Without a change there is no difference.
        if (texts.every((text) => rewrite(text) === text)) continue;
        lanes.rewriteStatements(rewrite);
        found = (await lanes.compare(lanes.request(number))).difference;
      }
      expect(found).toMatch(/^interpreted:/);
    },
    600_000,
  );

  it("nothing differs without a mistake", async () => {
    lanes.rewriteStatements(null);
    for (let number = 0; number < 20; number += 1) {
      expect((await lanes.compare(lanes.request(number))).difference).toBeNull();
    }
  });
});
