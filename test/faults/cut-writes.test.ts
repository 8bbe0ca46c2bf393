import { randomUUID } from "node:crypto";
import { afterAll, describe, expect, it } from "vitest";
import type { Cut } from "../support/database/cut-connection.ts";
import {
  commitsIn,
  extentOf,
  runUndisturbed,
  startFaultyGateway,
  verdictOn,
  type FaultyGateway,
  type Undisturbed,
} from "../support/writes/faulty-gateway.ts";
import { isLong, someOf } from "../support/run/run-length.ts";
import { secret } from "../support/samples/tenant-copies.ts";
import { twoWrites, writePaths, type WritePath } from "../support/writes/write-paths.ts";

/** A mutation whose connection is cut, what is there then, and what its client gets when it sends it again. */
async function runCut(
  { copies, route, send, kept, neighbour, opens }: FaultyGateway,
  path: WritePath,
  undisturbed: Undisturbed,
  cut: Cut,
) {
  const { statements } = undisturbed;
  const copy = await copies.make();
  const key = randomUUID();
  route.watch(cut);
  const reply = await send(path, copy, key);
  const sent = [...route.statements()];
  if (sent.length < cut.statement) throw new Error(`it sent ${sent.length} statements only`);
  const neighbourSees = await neighbour();
  await route.sprung();
  // Without its answer, a COMMIT that was sent was carried out all the same.
  const carriedOut = cut.when === "before" ? statements.slice(0, cut.statement - 1) : sent;
  const isCommitted = commitsIn(carriedOut) === commitsIn(statements);
  const told = verdictOn(reply, copies, undisturbed);
  const [extent, keptThen] = [extentOf(await copies.state(copy), undisturbed), await kept(copy)];
  const again = await send(path, copy, key);
  const secrets = new Set([
    ...(reply.text.match(secret) ?? []),
    ...(again.text.match(secret) ?? []),
  ]);
  return {
    isCommitted,
    seen: {
      cut: `${cut.when} ${cut.statement} of ${statements.length}: ${statements[cut.statement - 1]}`,
      told,
      extent,
      kept: keptThen.map((what) => what.split(", ")[0]),
      neighbourSees,
      again: verdictOn(again, copies, undisturbed),
      extentThen: extentOf(await copies.state(copy), undisturbed),
      keptThen: await kept(copy),
      secretsOpen: await Promise.all([...secrets].map(opens)),
    },
    right: {
      told: told === "right" && isCommitted ? "right" : "UNAVAILABLE",
      extent: isCommitted ? "everything" : "nothing",
      kept: isCommitted ? ["written"] : [],
      neighbourSees: { accounts: { nodes: [{ name: "Neighbour" }] } },
      again: "right",
      extentThen: "everything",
      keptThen: ["written, answered"],
      // The same one in both answers.
      secretsOpen: undisturbed.answer.includes("<secret>") ? [{ tenant: { id: copy.id } }] : [],
    },
  };
}

const started: FaultyGateway[] = [];
const free: FaultyGateway[] = [];

/** Lends a gateway; there are as many as concurrent tests. The gateway of a failed test is not lent again. */
async function withFaultyGateway(work: (faulty: FaultyGateway) => Promise<void>): Promise<void> {
  let faulty = free.pop();
  if (faulty === undefined) {
    // With one connection, the requests after a cut get the connection that was cut.
    faulty = await startFaultyGateway({ maxConnections: 1 });
    started.push(faulty);
  }
  await work(faulty);
  free.push(faulty);
}
afterAll(() => Promise.all(started.map((faulty) => faulty.close())));

describe("when the connection to the database is lost", () => {
  it.concurrent.each(writePaths.map((path) => [path.name, path] as const))(
    "%s is done whole or not at all, at every statement, and sending it again does it once",
    (_, path) =>
      withFaultyGateway(async (faulty) => {
        const undisturbed = await runUndisturbed(faulty, path, randomUUID());
        expect(undisturbed.answer).not.toMatch(/"(errors|code)"/);
        expect(undisturbed.after).not.toEqual(undisturbed.before);
        const extents = new Set<string>();
        const statementNumbers = [...undisturbed.statements.keys()].map((index) => index + 1);
        for (const statement of someOf(statementNumbers)) {
          const cut = { statement, when: "before" } as const;
          const { seen, right } = await runCut(faulty, path, undisturbed, cut);
          expect(seen).toEqual({ cut: seen.cut, ...right });
          extents.add(seen.extent);
        }
        // From the end to the last statement whose answer the COMMIT waits for: up from there nothing is committed
        // either way.
        for (const statement of someOf(statementNumbers.toReversed())) {
          const cut = { statement, when: "unheard" } as const;
          const { isCommitted, seen, right } = await runCut(faulty, path, undisturbed, cut);
          expect(seen).toEqual({ cut: seen.cut, ...right });
          if (!isCommitted) break;
        }
        // The cuts were on both sides of the commit.
        expect(extents).toEqual(new Set(["nothing", "everything"]));
      }),
    600_000,
  );

  it.concurrent(
    "of two mutations in one request, the one that was done is not done again",
    () =>
      withFaultyGateway(async (faulty) => {
        const undisturbed = await runUndisturbed(faulty, twoWrites, randomUUID());
        let halves = 0;
        for (const index of undisturbed.statements.keys()) {
          if (!isLong && index % 3 > 0) continue;
          const cut: Cut = { statement: index + 1, when: index % 2 === 0 ? "before" : "unheard" };
          const { seen, right } = await runCut(faulty, twoWrites, undisturbed, cut);
          const { cut: place, again, extentThen, keptThen } = seen;
          expect({ place, again, extentThen, keptThen }).toEqual({
            place,
            again: right.again,
            extentThen: right.extentThen,
            keptThen: right.keptThen,
          });
          if (seen.extent !== "nothing" && seen.extent !== "everything") halves += 1;
        }
        expect(halves).toBeGreaterThan(0);
      }),
    600_000,
  );
});
