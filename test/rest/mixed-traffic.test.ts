import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at } from "../support/gateway/gateway.ts";
import {
  linesOf,
  mixedKinds,
  MixedWriters,
  ways,
  type Accepted,
  type MixedKind,
  type Outcome,
  type Seen,
} from "../support/rest/mixed-writers.ts";
import { casesOf } from "../support/run/run-length.ts";
import { race, startRaceTrack, type RaceTrack } from "../support/writes/races.ts";
import { aftermath, peace } from "../support/writes/soundness.ts";
import { seededRandom } from "../support/writes/random-writes.ts";

let track: RaceTrack;
let writers: MixedWriters;

beforeAll(async () => {
  track = await startRaceTrack();
  writers = new MixedWriters(track);
});
afterAll(() => track.close());

type Kinds = keyof typeof mixedKinds;
type Target = readonly [kind: Kinds, id: string];

/** One of each kind, hanging together: what is written to one moves versions of others. */
async function makeFamily(): Promise<Readonly<Record<Kinds, string>> & { readonly rival: string }> {
  const rest = writers.rest(0);
  const made = async (path: string, body: Readonly<Record<string, unknown>>) => {
    const answer = await rest.post(path, body);
    expect(answer.status, answer.text).toBe(201);
    return String(at(answer.body, "id"));
  };
  const account = await made("/api/v1/crm/accounts", { name: "0" });
  const contact = await made("/api/v1/crm/contacts", { account_id: account, note: "0" });
  const rival = await made("/api/v1/crm/contacts", { account_id: account, note: "0" });
  const deal = await made("/api/v1/crm/deals", { account_id: account, name: "0" });
  const of = { account_id: account, deal_id: deal };
  const quote = await made("/api/v1/crm/quotes", { ...of, name: "0" });
  const held = await made("/api/v1/crm/quotes", { ...of, name: "held" });
  const lineItem = await made("/api/v1/crm/line-items", { quote_id: held, description: "0" });
  return { account, contact, rival, deal, quote, lineItem };
}

/** Reads a line that counts the writes, and writes the next number with its own name behind. */
const next = ({ text }: Seen, name: string): string => `${Number.parseInt(text, 10) + 1} ${name}`;

const pickFrom =
  (random: () => number) =>
  <Item>(items: readonly Item[]): Item => {
    const item = items[Math.floor(random() * items.length)];
    if (item === undefined) throw new Error("there is nothing to pick from");
    return item;
  };

describe("writers over REST and GraphQL, through two gateways, on the same records with versions", () => {
  it("lose no update: each accepted write stands on the one before it, in the record and in its log", async () => {
    const family = await makeFamily();
    const targets: readonly Target[] = [
      ["account", family.account],
      ["contact", family.contact],
      ["contact", family.rival],
      ["deal", family.deal],
      ["quote", family.quote],
      ["lineItem", family.lineItem],
    ];
    const accepted: Accepted[] = [];
    /** What was read, and what a conflict carried. */
    const conflicts: (readonly [Seen, Seen])[] = [];
    /** What else is written beside the line, so that rules of the kinds are at work. */
    const beside = (kind: Kinds, random: () => number): Readonly<Record<string, unknown>> => {
      const pick = pickFrom(random);
      switch (kind) {
        case "contact":
          return { is_primary: pick([true, true, false]) };
        case "deal":
          return {
            stage: pick(["lead", "closed_won", "proposal"]),
            // The rival is deleted at times.
            contact_ids: pick([[family.contact], []]),
          };
        case "quote":
          return {
            is_primary: pick([true, false]),
            line_items: [{ unit_price: Math.floor(random() * 1_000) }, { quantity: 2 }],
          };
        case "lineItem":
          return { unit_price: Math.floor(random() * 1_000) };
        default:
          return { annual_revenue: Math.floor(random() * 1_000) };
      }
    };

    /** Writes to what was read, and keeps what came of it. */
    const writeTo = async (
      [kind, id]: Target,
      seen: Seen,
      name: string,
      random: () => number,
    ): Promise<Outcome> => {
      const pick = pickFrom(random);
      const definition: MixedKind = mixedKinds[kind];
      const text = next(seen, name);
      const values = { [definition.text]: text, ...beside(kind, random) };
      const outcome = await writers.update(definition, seen, values, pick(ways), pick([0, 1]));
      if (outcome.is === "stale" && outcome.current !== null) {
        conflicts.push([seen, outcome.current]);
      }
      if (outcome.is !== "written") return outcome;
      accepted.push({ id, from: seen.version, text });
      // The answer shows the record as it is, in which a later write may be already.
      expect(outcome.version).toBeGreaterThan(seen.version);
      const since = await writers.read(definition, id, pick(ways), pick([0, 1]));
      if (since === null) return outcome;
      expect(since.version).toBeGreaterThan(seen.version);
      expect(Number.parseInt(since.text, 10)).toBeGreaterThanOrEqual(Number.parseInt(text, 10));
      return outcome;
    };
    const write = async (name: string, random: () => number): Promise<void> => {
      const pick = pickFrom(random);
      const target = pick(targets);
      const seen = await writers.read(mixedKinds[target[0]], target[1], pick(ways), pick([0, 1]));
      if (seen !== null) await writeTo(target, seen, name, random);
    };
    // A deal takes its quotes and their line items with it, and brings them back.
    const removable: readonly Target[] = [
      ["deal", family.deal],
      ["contact", family.rival],
    ];
    /** Whoever wrote meanwhile wins; then nothing is removed. */
    const removeAndRestore = async (
      [kind, id]: Target,
      random: () => number,
    ): Promise<Outcome["is"]> => {
      const pick = pickFrom(random);
      const seen = await writers.read(mixedKinds[kind], id, pick(ways), pick([0, 1]));
      if (seen === null) return "gone";
      const { is } = await writers.remove(mixedKinds[kind], seen, pick(ways), pick([0, 1]));
      if (is !== "written") return is;
      expect((await writers.restore(mixedKinds[kind], id, pick([0, 1]))).is).toBe("written");
      return is;
    };

    // What the race below may come to, and surely comes to while nobody else writes.
    const first = seededRandom(99);
    for (const target of removable) expect(await removeAndRestore(target, first)).toBe("written");
    for (const target of targets) {
      for (const way of ways) {
        const seen = await writers.read(mixedKinds[target[0]], target[1], way, 0);
        if (seen === null) throw new Error("it is not there");
        const both = await race(2, (racer) => writeTo(target, seen, `both.${racer}`, first));
        expect(both.map(({ is }) => is).toSorted()).toEqual(["stale", "written"]);
      }
    }
    await race(24, async (writer) => {
      const random = seededRandom(writer + 1);
      for (let turn = 0; turn < casesOf(25, 5); turn += 1) {
        if (random() < 0.06) await removeAndRestore(pickFrom(random)(removable), random);
        else await write(`${writer}.${turn}`, random);
      }
    });
    for (const [seen, current] of conflicts) {
      expect(current.id).toBe(seen.id);
      expect(current.version).toBeGreaterThan(seen.version);
    }
    for (const [kind, id] of targets) {
      const definition = mixedKinds[kind];
      const own = accepted.filter((one) => one.id === id).toSorted((a, b) => a.from - b.from);
      const lines = (await linesOf(track, id, definition.text)).filter(([version]) => version > 1);
      // Each in the log once, as the version after the one that it was made of.
      expect(lines).toEqual(
        own.map(({ from, text }, index) => [from + 1, own[index - 1]?.text ?? "0", text]),
      );
      const last = await writers.read(definition, id, "body", 1);
      expect(last?.text).toBe(own.at(-1)?.text);
      // Nobody counted on from a line that another had written over.
      expect(Number.parseInt(last?.text ?? "", 10)).toBe(own.length);
    }
    expect(await aftermath(track)).toEqual(peace);
  });

  it("have one winner for a version, and all others are shown the record that won", async () => {
    const count = casesOf(30, 12);
    for (const kind of ["account", "deal", "quote"] as const) {
      const definition = mixedKinds[kind];
      const { [kind]: id } = await makeFamily();
      const before = await writers.read(definition, id, "body", 0);
      if (before === null) throw new Error("it was not made");
      const outcomes = await race(count, (racer) => {
        const way = ways[racer % 3] ?? "body";
        return writers.update(
          definition,
          before,
          { [definition.text]: `by ${racer}` },
          way,
          racer % 2,
        );
      });
      const winner = outcomes.findIndex(({ is }) => is === "written");
      expect(outcomes.filter(({ is }) => is === "written")).toEqual([
        { is: "written", version: before.version + 1 },
      ]);
      const current = { id, version: before.version + 1, text: `by ${winner}` };
      const told = outcomes.flatMap((one) => (one.is === "stale" ? [one.current] : []));
      expect(told).toHaveLength(count - 1);
      const shown = told.filter((one) => one !== null);
      // One of three ways shows no records.
      expect(shown.length).toBeGreaterThanOrEqual((count / 3) * 2 - 1);
      for (const one of shown) expect(one).toEqual(current);
    }
    expect(await aftermath(track)).toEqual(peace);
  });

  it("let one deletion win, over any of them", async () => {
    const { deal } = await makeFamily();
    const outcomes = await race(20, (racer) =>
      writers.remove(
        mixedKinds.deal,
        { id: deal, version: 1 },
        ways[racer % 3] ?? "body",
        racer % 2,
      ),
    );
    expect(outcomes.filter(({ is }) => is === "written")).toHaveLength(1);
    expect(outcomes.filter(({ is }) => is === "gone")).toHaveLength(19);
    expect(await aftermath(track)).toEqual(peace);
  });
});
