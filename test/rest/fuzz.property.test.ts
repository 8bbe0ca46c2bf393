import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { casesOf, runSeed } from "../support/run/run-length.ts";
import { agent, revealedBy, sendFuzz, told } from "../support/fuzz/client.ts";
import { serveGateway, type ServedGateway } from "../support/fuzz/served-gateway.ts";
import { Slowness } from "../support/fuzz/slowness.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { assertDocumented, validatorAt } from "../support/rest/openapi-contract.ts";
import { byOperation, described, valid, type Plan } from "../support/rest/fuzz/plans.ts";
import { garbage, oneThingWrong } from "../support/rest/fuzz/wrong-plans.ts";
import { World } from "../support/rest/fuzz/world.ts";

/** Makes the database and the key; the gateway that is tried runs in a process of its own. */
let maker: TestGateway;
let served: ServedGateway;
let slowness: Slowness;
let world: World;
const count = { sent: 0, accepted: 0 };
/** Operations that were carried out. */
const carriedOut = new Set<string>();
/** `operation status` → how often. */
const seen = new Map<string, number>();

beforeAll(async () => {
  maker = await startGateway({ logLevel: "silent" });
  const tenant = await maker.fixtures.tenant("north-harbor");
  const key = await maker.keyFor(tenant.slug);
  // Its quota is not what is tried here.
  await maker.fixtures.client.query("UPDATE api_keys SET requests_per_minute = 1000000");
  world = new World({ key, organization: tenant.uuid });
  served = await serveGateway(maker.databaseUrl, runSeed % 2 === 0 ? "production" : "test");
  slowness = new Slowness(served);
});
afterAll(async () => {
  agent.destroy();
  await served.stop();
  await maker.close();
});

/** So many on their way at once, each in turn with others: they make one case of fast-check's. */
const lanes = 5;
const inLane = 10;
const cases = casesOf(100, 20);

/** What is wrong with the answer to a plan; null when it is as it must be. */
async function complaint(plan: Plan): Promise<string | null> {
  const { request, body } = world.request(plan);
  count.sent += 1;
  const answer = await sendFuzz(served.url, request).catch((error: unknown) => String(error));
  if (typeof answer === "string") return told(request, [answer], "");
  const { method, path } = request;
  const { status, headers, text } = answer;
  const isAccepted = status < 300;
  if (isAccepted) {
    count.accepted += 1;
    carriedOut.add(`${method} ${plan.path}`);
  }
  const name = `${plan.method} ${plan.path.includes("{") ? "one" : "all"} ${status}`;
  seen.set(name, (seen.get(name) ?? 0) + 1);
  const revealed = isAccepted ? null : revealedBy(request, answer);
  const complaints = [revealed === null ? null : `tells ${revealed}`];
  try {
    assertDocumented({ method, path, status, headers, text });
  } catch (error) {
    complaints.push(String(error));
  }
  if (isAccepted && method !== "HEAD") {
    if (plan.mustFail) complaints.push("carried out, which the document forbids");
    const isBodied = /^(?:POST|PATCH|PUT)$/.test(method);
    if (isBodied && plan.bodySchema !== null && !validatorAt(plan.bodySchema)(body)) {
      complaints.push("carried out with a body that the document forbids");
    }
  }
  complaints.push(await slowness.complaint(request, answer));
  world.learn(plan, request, answer);
  return told(request, complaints, text);
}

const plans = fc.oneof(
  { weight: 12, arbitrary: valid },
  { weight: 5, arbitrary: oneThingWrong },
  { weight: 3, arbitrary: garbage },
);

describe(`whatever comes over REST (CRM_TEST_SEED=${runSeed})`, () => {
  it("is answered as the document says, in time, and nothing of it fails", async () => {
    const lane = fc.array(plans, { minLength: inLane, maxLength: inLane });
    const together = fc.array(lane, { minLength: lanes, maxLength: lanes });
    const complaints: string[] = [];
    const sendAll = async (some: readonly Plan[]): Promise<void> => {
      for (const plan of some) {
        const found = await complaint(plan);
        if (found !== null) complaints.push(found);
      }
    };
    // What was made before belongs to a case, so none is tried again with less of it: all are told at the end.
    const property = fc.asyncProperty(together, async (all) => {
      await Promise.all(all.map(sendAll));
    });
    await fc.assert(property, { seed: runSeed, numRuns: cases });
    expect(complaints.slice(0, 5).join("\n\n")).toBe("");
    expect(count.sent).toBeGreaterThanOrEqual(cases * lanes * inLane);
  }, 600_000);

  it("reaches every operation, and is accepted often enough to mean something", async () => {
    expect(described.length).toBeGreaterThan(30);
    const complaints: string[] = [];
    // Whatever chance left out or took away: records are made, and then asked for, changed and deleted.
    const order = ["post", "get", "patch", "put", "delete"];
    const turns = byOperation.toSorted(
      (a, b) => order.indexOf(a.one.method) - order.indexOf(b.one.method),
    );
    for (const { one, plans: own } of turns) {
      const name = `${one.method.toUpperCase()} ${one.path}`;
      carriedOut.delete(name);
      // A few at a time, since making them costs more than sending them.
      for (let round = 0; round < 50 && !carriedOut.has(name); round += 1) {
        for (const plan of fc.sample(own, { seed: runSeed + round, numRuns: 10 })) {
          if (carriedOut.has(name)) break;
          const found = await complaint(plan);
          if (found !== null) complaints.push(found);
        }
      }
      expect(carriedOut, name).toContain(name);
    }
    expect(complaints.slice(0, 5).join("\n\n")).toBe("");
    expect(count.accepted).toBeGreaterThan(count.sent / 4);
    const statuses = [...seen].map(([name, times]) => `${name}: ${times}`).toSorted();
    for (const name of ["POST all 201", "PATCH one 200", "GET one 200", "DELETE one 200"]) {
      expect(seen.get(name) ?? 0, statuses.join(", ")).toBeGreaterThan(casesOf(20));
    }
    console.log(
      `REST fuzz: CRM_TEST_SEED=${runSeed}, ${count.sent} requests, ${count.accepted} accepted, ${slowness.count} asked again for their time; ${statuses.join(", ")}`,
    );
  });

  it("leaves the gateway alive, with nothing in its log", async () => {
    expect(served.isAlive()).toBe(true);
    expect(served.log()).toBe("");
    const headers = [["Host", "localhost"]] as const;
    const ready = await sendFuzz(served.url, {
      method: "GET",
      path: "/readyz",
      headers,
      body: null,
    });
    expect(ready.status).toBe(200);
  });
});
