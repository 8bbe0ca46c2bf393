import { describe, expect, it } from "vitest";
import { featuresOf } from "../../src/query/duplicates/duplicates.ts";
import { scoreOf } from "../../src/query/duplicates/evidence.ts";
import { phraseLikeness, wordLikeness } from "../../src/query/duplicates/likeness.ts";
import { personLikeness } from "../../src/query/duplicates/person-likeness.ts";

describe("wordLikeness", () => {
  it.each([
    ["harbor", "harbor", 1],
    ["harbor", "harbro", 1 - 1 / 6],
    ["harbor", "harbour", 1 - 1 / 7],
    ["harbor", "haror", 1 - 1 / 6],
    ["harbor", "barber", 0],
    ["ann", "anne", 1 - 1 / 4],
    ["ann", "amn", 0],
    ["route66", "route67", 0],
    ["", "", 0],
  ])("%s and %s", (left, right, likeness) => {
    expect(wordLikeness(left, right)).toBeCloseTo(likeness);
    expect(wordLikeness(right, left)).toBeCloseTo(likeness);
  });
});

describe("phraseLikeness", () => {
  it.each([
    ["north harbor logistics", "north harbor logistics", 1, 1],
    ["north harbor logistics", "northharbor logistics", 1, 1],
    ["north harbor logistics", "logistics north harbor", 1, 1],
    ["north harbor logistics", "north harbr logistics", 0.9, 0.99],
    ["north harbor logistics", "north harbor", 0.7, 0.8],
    ["north harbor logistics", "north harbor legal", 0, 0.69],
    ["north harbor 12", "north harbor 14", 0, 0],
    ["north harbor 12", "north harbor", 0.7, 0.99],
    ["", "", 0, 0],
  ])("%s and %s", (left, right, least, most) => {
    for (const likeness of [phraseLikeness(left, right), phraseLikeness(right, left)]) {
      expect(likeness).toBeGreaterThanOrEqual(least);
      expect(likeness).toBeLessThanOrEqual(most);
    }
  });
});

describe("personLikeness", () => {
  const likeness = (left: string, right: string) => {
    const [first = "", last = ""] = left.split("/");
    const [otherFirst = "", otherLast = ""] = right.split("/");
    return personLikeness({ first, last }, { first: otherFirst, last: otherLast });
  };

  it.each([
    ["john/smith", "john/smith", 1],
    ["john/smith", "smith/john", 1],
    ["john/smith", "j/smith", 0.7],
    ["john/smith", "jack/smith", 0.75],
    ["anna maria/garcia", "anna/garcia perez", 0.81],
    ["john/smith", "john/smtih", 0.8],
    ["john/smith", "john/", 0.7],
  ])("%s and %s agree", (left, right, agreement) => {
    expect(likeness(left, right).agreement).toBeCloseTo(agreement);
    expect(likeness(right, left).agreement).toBeCloseTo(agreement);
  });

  it.each([
    ["john/smith", "mary/smith", "person"],
    ["mary/smith", "mary/jones", "family"],
    ["john/smith", "m/smith", "person"],
  ])("%s and %s contradict each other", (left, right, contradiction) => {
    expect(likeness(left, right)).toMatchObject({ agreement: 0, contradiction });
    expect(likeness(right, left)).toMatchObject({ agreement: 0, contradiction });
  });

  it("who has no name neither agrees nor contradicts", () => {
    expect(likeness("/", "john/smith")).toMatchObject({ agreement: 0, contradiction: null });
    expect(likeness("/", "/")).toMatchObject({ agreement: 0, contradiction: null });
  });
});

describe("scoreOf", () => {
  const reason = (weight: number) => ({ code: "SAME_NAME", similarity: 1, weight }) as const;

  it("takes reasons for independent, and lessens what is doubted", () => {
    expect(scoreOf({ reasons: [], doubts: [] })).toBe(0);
    expect(scoreOf({ reasons: [reason(0.6)], doubts: [] })).toBe(0.6);
    expect(scoreOf({ reasons: [reason(0.6), reason(0.5)], doubts: [] })).toBe(0.8);
    expect(scoreOf({ reasons: [reason(0.6), reason(0.5)], doubts: [0.5] })).toBe(0.4);
  });
});

describe("featuresOf", () => {
  it("takes an empty text for none", () => {
    const places = new Map([
      ["name", 0],
      ["phones", 1],
      ["email", 2],
    ]);
    const features = featuresOf(places, ["", "1\n2", null]);
    expect(features.text("name")).toBe(null);
    expect(features.list("name")).toEqual([]);
    expect(features.list("phones")).toEqual(["1", "2"]);
    expect(features.text("email")).toBe(null);
  });
});
