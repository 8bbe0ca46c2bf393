import { expect, it } from "vitest";
import {
  currentSurface,
  findBreaks,
  releasedSurface,
  type Surface,
  unannounced,
} from "../../tools/breaking.ts";

const current = await currentSurface();
const withGraphql = (find: string, put: string): Surface => {
  if (!current.graphql.includes(find)) throw new Error(`the schema has no ${find}`);
  return { ...current, graphql: current.graphql.replace(find, put) };
};
const withRest = (change: (line: string) => string[]): Surface => ({
  ...current,
  rest: current.rest.flatMap(change),
});
const without = (line: string): Surface => {
  if (!current.rest.includes(line)) throw new Error(`the surface has no ${line}`);
  return withRest((one) => (one === line ? [] : [one]));
};
const withLine = (line: string): Surface => ({ ...current, rest: [...current.rest, line] });

it("a surface does not break itself; the released one is whole", async () => {
  expect(await findBreaks(current, current)).toEqual([]);
  const { graphql, rest } = await releasedSurface();
  expect(graphql).toContain("type Query");
  expect(rest.length).toBeGreaterThan(1_000);
});

it.each<[string, Surface, RegExp]>([
  ["a field", withGraphql("  displayName: String\n", ""), /displayName' .*was removed/],
  ["a type", withGraphql("\n  displayName: String\n", "\n  displayName: Int\n"), /displayName/],
  [
    "a member of an answer",
    withRest((line) => (line.startsWith("out Contact.first_name") ? [] : [line])),
    /`gone: out Contact.first_name: string/,
  ],
  ["a member of a request", without("in CreateContactInput.first_name: string"), /gone: in Create/],
  ["a path", without("in GET /api/v1/crm/contacts"), /gone: in GET \/api/],
  [
    "a duty",
    withLine("in CreateContactInput.first_name is required"),
    /new: in CreateContactInput/,
  ],
  ["null in an answer", withLine("out Contact.id: null"), /`new: out Contact\.id: null`/],
])("%s that changes or goes breaks clients", async (_what, after, expected) => {
  const breaks = await findBreaks(current, after);
  expect(breaks.filter((line) => expected.test(line))).not.toEqual([]);
  expect(unannounced(breaks, "## [Unreleased]\n\n### Added\n\n- Much.\n")).toEqual(breaks);
  const told = breaks
    .map((line) => `- ${line}, since it has been deprecated for a year.`)
    .join("\n");
  const changelog = `## [Unreleased]\n\n### Breaking\n\n${told}\n\n## [0.1.0]\n`;
  expect(unannounced(breaks, changelog)).toEqual([]);
  expect(unannounced(breaks, changelog.replace("[Unreleased]", "[0.2.0]"))).toEqual(breaks);
});

it.each<[string, Surface]>([
  [
    "a field",
    withGraphql("  displayName: String\n", "  displayName: String\n  shortName: String\n"),
  ],
  ["a member of an answer", withLine("out Contact.nickname: string")],
  ["a member of a request", withLine("in CreateContactInput.nickname: string")],
  ["null in a request", withLine("in CreateContactInput.account_id: null")],
  ["a duty of a new schema", withLine("in CreateLeadInput.name is required")],
])("%s that is new breaks nobody", async (_what, after) => {
  expect(await findBreaks(current, after)).toEqual([]);
});
