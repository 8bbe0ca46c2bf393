import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asWork, maxAnswerBytes, Work } from "../../src/db/work.ts";
import { catalog } from "../../src/modules/catalog.ts";
import { Reader } from "../../src/query/reader.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import type { TenantFixtures } from "../support/samples/fixtures.ts";

const tooComplex = { code: "QUERY_TOO_COMPLEX" };

describe("the work of a request", () => {
  it("ends when it is given far more records than it was charged for", () => {
    const work = new Work();
    work.mayRead(12);
    work.countNodes(1_024);
    expect(work.stopped).toBeNull();
    expect(() => work.countNodes(1)).toThrow(expect.objectContaining(tooComplex));
    expect(work.stopped).toMatchObject(tooComplex);
    // Whatever goes on all the same ends too.
    expect(() => work.countMade(1)).toThrow(expect.objectContaining(tooComplex));
  });

  it("ends when its answer gets too long, or more is read than any answer needs", () => {
    const made = new Work();
    made.countMade(maxAnswerBytes);
    expect(() => made.countMade(1)).toThrow(/16,000,000 bytes/);
    const read = new Work();
    expect(read.countRead(2 * maxAnswerBytes)).toBe(true);
    expect(read.countRead(1)).toBe(false);
    expect(read.stopped).not.toBeNull();
  });

  it("ends when its time is over, though it never waits for anything that could tell it", () => {
    const work = new Work();
    work.deadline = { at: performance.now(), reason: () => new Error("too late") };
    const go = () => {
      for (let count = 0; count < 2_000; count += 1) work.countMade(1);
    };
    expect(go).toThrow("too late");
    expect(work.stopped).toMatchObject({ message: "too late" });
  });
});

describe("a reader", () => {
  let gateway: TestGateway;
  let tenant: TenantFixtures;

  beforeAll(async () => {
    gateway = await startGateway();
    tenant = await gateway.fixtures.tenant("walls");
    const account = await tenant.account({ name: "Walls" });
    for (let count = 0; count < 30; count += 1) await tenant.deal(account);
  });
  afterAll(() => gateway.close());

  /** Reads so many pages of 25, as a plan that takes them for one would let through. */
  async function pages(work: Work, count: number): Promise<number> {
    const reader = new Reader({
      db: gateway.database.forTenant(tenant.uuid),
      catalog,
      viewer: { tenantId: tenant.uuid, appId: null },
    });
    const request = {
      entity: catalog.entity("deal"),
      parent: null,
      fields: ["name"],
      where: null,
      order: null,
      words: null,
      includeDeleted: false,
      limit: 25,
      backward: false,
      after: null,
      before: null,
      want: { rows: true, cursors: false, total: false, outside: false },
    };
    return asWork(work, async () => {
      for (let page = 0; page < count; page += 1) await reader.list(request);
      return work.nodes;
    });
  }

  it("gives what was charged for, and no more than twice that and a thousand records", async () => {
    const charged = new Work();
    charged.mayRead(25 * 42);
    expect(await pages(charged, 42)).toBe(1_050);
    const misread = new Work();
    misread.mayRead(12);
    await expect(pages(misread, 42)).rejects.toMatchObject(tooComplex);
    expect(misread.statements).toBe(41);
  });
});
