import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import {
  extentOf,
  runUndisturbed,
  startFaultyGateway,
  verdictOn,
  type FaultyGateway,
  type Reply,
  type Undisturbed,
} from "../support/writes/faulty-gateway.ts";
import { someOf } from "../support/run/run-length.ts";
import { writePaths, type WritePath } from "../support/writes/write-paths.ts";

/** Until the gateway has heard that a client hung up. */
const hangUpMilliseconds = 5;

/** A client that hangs up at a statement of its mutation and sends it again: at once, and when all is quiet. */
async function runGone(
  faulty: FaultyGateway,
  path: WritePath,
  undisturbed: Undisturbed,
  statement: number,
) {
  const { copies, route, send, kept } = faulty;
  const copy = await copies.make();
  const key = randomUUID();
  const client = new AbortController();
  const early: Reply[] = [];
  let sentBefore: readonly string[] = [];
  route.watch({
    statement,
    until: async () => {
      sentBefore = route.statements().slice(0, statement - 1);
      client.abort();
      await sleep(hangUpMilliseconds);
      early.push(await send(path, copy, key));
    },
  });
  const isGone = await send(path, copy, key, client.signal).then(
    () => false,
    () => true,
  );
  await route.sprung();
  await untilQuiet(faulty);
  const extent = extentOf(await copies.state(copy), undisturbed);
  const keptThen = await kept(copy);
  const again = await send(path, copy, key);
  const locked = sentBefore.findLastIndex((text) => text.includes("pg_try_advisory_xact_lock"));
  const isRunning = locked > sentBefore.lastIndexOf("COMMIT");
  return {
    isRunning,
    seen: {
      isGone,
      early: early.map((reply) => verdictOn(reply, copies, undisturbed)),
      whole: `${extent} and ${keptThen.length} kept`,
      again: verdictOn(again, copies, undisturbed),
      extentThen: extentOf(await copies.state(copy), undisturbed),
      keptThen: await kept(copy),
    },
    right: {
      isGone: true,
      // The first one is still at it, or else whoever comes first does it.
      early: [isRunning ? "CONFLICT" : "right"],
      whole: extent === "nothing" ? "nothing and 0 kept" : "everything and 1 kept",
      again: "right",
      extentThen: "everything",
      keptThen: ["written, answered"],
    },
  };
}

/** Waits until no statement runs and none has come for a while: what the client left behind is done by then. */
async function untilQuiet({ route, isBusy }: FaultyGateway): Promise<void> {
  // Twice, since one look may fall between an answer and the next statement.
  for (let quiet = 0; quiet < 2;) {
    const count = route.statements().length;
    await sleep(25);
    const isQuiet = !(await isBusy()) && count === route.statements().length;
    quiet = isQuiet ? quiet + 1 : 0;
  }
}

// Those that draw a number first would wait for the one that is held up here, until both give up.
const names = ["updateQuote", "deleteAccount", "createContacts", "createApiKey"];
const paths = writePaths.filter(({ name }) => names.includes(name));

describe("when the client hangs up in the middle of a mutation", () => {
  it.concurrent.each(paths.map((path) => [path.name, path] as const))(
    "%s is done whole or not at all, and sending it again does it once",
    async (_, path) => {
      // The second connection is for the request that comes while the first is held up.
      const faulty = await startFaultyGateway({ maxConnections: 2 });
      try {
        const undisturbed = await runUndisturbed(faulty, path, randomUUID());
        let running = 0;
        // Whoever comes with the same key meanwhile waits for the same look-up, which on Citus is a transaction.
        const { statements } = undisturbed;
        const looksUp = (place: number) => statements[place]?.includes("find_api_key") === true;
        const places = [...statements.keys()].filter(
          (place) => !looksUp(place) && !(looksUp(place - 1) && statements[place] === "COMMIT"),
        );
        // The middle one is within the transaction that writes.
        const middle = places[Math.floor(places.length / 2)] ?? 0;
        for (const place of new Set([...someOf(places), middle])) {
          const { isRunning, seen, right } = await runGone(faulty, path, undisturbed, place + 1);
          expect([place + 1, seen]).toEqual([place + 1, right]);
          if (isRunning) running += 1;
        }
        expect(running).toBeGreaterThan(0);
      } finally {
        await faulty.close();
      }
    },
  );
});
