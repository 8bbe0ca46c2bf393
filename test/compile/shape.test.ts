import { expect, it } from "vitest";
import { shapeOf } from "../../src/graphql/compile/shape.ts";

it("no text in one variable looks like the shape of others", () => {
  const uses = new Map([
    ["a", "entity"],
    ["s", "whole"],
    ["c", "entity"],
    ["ids", "entities"],
  ] as const);
  const uuid = "018c1d86-7400-7629-b997-8deb69744df0";
  const shape = (variables: Readonly<Record<string, unknown>>): string =>
    shapeOf(uses, { ids: [], ...variables });
  expect(shape({ a: `acc-${uuid}`, s: "p n q", c: `con-${uuid}` })).not.toBe(
    shape({ a: `acc "p-${uuid}`, s: null, c: `q" con-${uuid}` }),
  );
  expect(shape({ a: `acc-${uuid}`, ids: [`acc-${uuid}`, `con-${uuid}`] })).not.toBe(
    shape({ a: `acc-${uuid}`, ids: [`acc,con-${uuid}`] }),
  );
});
