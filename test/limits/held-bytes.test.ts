import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { HeldBytes, type Hold } from "../../src/lib/held-bytes.ts";

const most = 100_000_000;
const answer = 16_000_000;

let held: HeldBytes;
let givenUp: string[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
  held = new HeldBytes(most);
  givenUp = [];
});
afterEach(() => {
  vi.useRealTimers();
});

function hold(party: string, credential: string, bytes: number): Hold {
  const one = held.hold({ party, credential, socket: new PassThrough() }, () => {
    givenUp.push(credential);
  });
  one.take(bytes);
  return one;
}

it("a credential that holds nothing has room, however many keys of another tenant hold the whole", () => {
  for (let key = 0; key < 60; key += 1) {
    hold("theirs", `key-${key}`, answer);
    expect(held.bytes).toBeLessThanOrEqual((3 / 4) * most);
  }
  expect(held.hasRoom("ours", "our tenant", 8)).toBe(true);
  // A key of theirs that holds nothing, too, but one after the other; one that holds an answer does not.
  expect(held.hasRoom("key-new", "theirs", 0)).toBe(true);
  expect(held.hasRoom("key-new", "theirs", 1)).toBe(false);
  expect(held.hasRoom("key-59", "theirs", 0)).toBe(false);
});

it("of many tenants the greatest holder makes way", () => {
  for (let count = 0; count < 4; count += 1) hold("big", "big", answer);
  for (let tenant = 0; tenant < 2; tenant += 1) hold(`small-${tenant}`, `small-${tenant}`, answer);
  expect(givenUp).toEqual([]);
  hold("small-2", "small-2", answer);
  expect(givenUp).toEqual(["big"]);
  expect(held.bytes).toBe(6 * answer);
});

it("who moves less than 64 KB a second is given up once a quarter is used", () => {
  const fast = hold("a", "fast", answer);
  const slow = hold("b", "slow", answer);
  for (let second = 0; second < 6; second += 1) {
    fast.moved(70_000);
    slow.moved(2_000);
    vi.advanceTimersByTime(1_000);
  }
  expect(givenUp).toEqual(["slow"]);
  expect(held.bytes).toBe(answer);
  expect(held.heldBy("slow")).toBe(0);
  expect(slow.take(1)).toBe(false);
});

it("and not while less is used", () => {
  hold("a", "slow", answer);
  vi.advanceTimersByTime(60_000);
  expect(givenUp).toEqual([]);
});
