import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalog } from "../../src/modules/catalog.ts";
import { Reader } from "../../src/query/reader.ts";
import { someOf } from "../support/run/run-length.ts";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { at, listAt, type TestGateway } from "../support/gateway/gateway.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let key: string;
let tenant: TenantFixtures;

const periods = `query ($where: ActivityFilter, $by: DatePart!, $timeZone: String!) {
  activitiesAggregate(where: $where, groupBy: [{ field: occurredAt, by: $by, timeZone: $timeZone }], first: 1000) {
    groups { key { occurredAt } count }
  }
}`;

/** Instants every half hour from one to the other. */
function halfHours(from: string, to: string): string[] {
  const start = Date.parse(from);
  const count = (Date.parse(to) - start) / 1_800_000;
  return Array.from({ length: count }, (_, index) =>
    new Date(start + index * 1_800_000).toISOString(),
  );
}

/** The day of an instant in a zone, as JavaScript knows it. */
function localDay(instant: string, timeZone: string): string {
  const format = new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" });
  return format.format(new Date(instant));
}

const boundaries = [
  // The clock goes from 2 to 3 on March 8 (a day of 23 hours), and from 2 to 1 on November 1 (of 25).
  ["America/New_York", "day", "2026-03-08T04:59:59.999Z", "2026-03-07"],
  ["America/New_York", "day", "2026-03-08T05:00:00.000Z", "2026-03-08"],
  ["America/New_York", "day", "2026-03-08T07:00:00.000Z", "2026-03-08"],
  ["America/New_York", "day", "2026-03-09T03:59:59.999Z", "2026-03-08"],
  ["America/New_York", "day", "2026-03-09T04:00:00.000Z", "2026-03-09"],
  ["America/New_York", "day", "2026-11-01T03:59:59.999Z", "2026-10-31"],
  ["America/New_York", "day", "2026-11-01T05:30:00.000Z", "2026-11-01"],
  ["America/New_York", "day", "2026-11-01T06:30:00.000Z", "2026-11-01"],
  ["America/New_York", "day", "2026-11-02T04:59:59.999Z", "2026-11-01"],
  ["America/New_York", "day", "2026-11-02T05:00:00.000Z", "2026-11-02"],
  ["America/New_York", "month", "2026-03-01T04:59:59.999Z", "2026-02-01"],
  ["America/New_York", "month", "2026-03-01T05:00:00.000Z", "2026-03-01"],
  // Within the month of the change: its end is at another hour of UTC than its beginning.
  ["America/New_York", "month", "2026-04-01T03:59:59.999Z", "2026-03-01"],
  ["America/New_York", "month", "2026-04-01T04:00:00.000Z", "2026-04-01"],
  ["America/New_York", "month", "2026-11-01T04:00:00.000Z", "2026-11-01"],
  ["America/New_York", "month", "2026-12-01T04:59:59.999Z", "2026-11-01"],
  ["America/New_York", "month", "2026-12-01T05:00:00.000Z", "2026-12-01"],
  ["America/New_York", "year", "2026-01-01T04:59:59.999Z", "2025-01-01"],
  ["America/New_York", "year", "2026-01-01T05:00:00.000Z", "2026-01-01"],
  ["America/New_York", "quarter", "2026-04-01T03:59:59.999Z", "2026-01-01"],
  ["America/New_York", "quarter", "2026-04-01T04:00:00.000Z", "2026-04-01"],
  ["Asia/Kathmandu", "month", "2026-02-28T18:14:59.999Z", "2026-02-01"],
  ["Asia/Kathmandu", "month", "2026-02-28T18:15:00.000Z", "2026-03-01"],
  ["Asia/Kathmandu", "day", "2024-02-28T18:15:00.000Z", "2024-02-29"],
  ["Asia/Kathmandu", "year", "2025-12-31T18:14:59.999Z", "2025-01-01"],
  ["Asia/Kathmandu", "year", "2025-12-31T18:15:00.000Z", "2026-01-01"],
  ["Asia/Kathmandu", "quarter", "2026-09-30T18:15:00.000Z", "2026-10-01"],
  // Half an hour: 2:00 becomes 1:30 on April 5, and 2:30 on October 4.
  ["Australia/Lord_Howe", "day", "2026-04-04T12:59:59.999Z", "2026-04-04"],
  ["Australia/Lord_Howe", "day", "2026-04-04T13:00:00.000Z", "2026-04-05"],
  ["Australia/Lord_Howe", "day", "2026-04-05T13:29:59.999Z", "2026-04-05"],
  ["Australia/Lord_Howe", "day", "2026-04-05T13:30:00.000Z", "2026-04-06"],
  ["Australia/Lord_Howe", "day", "2026-10-03T13:30:00.000Z", "2026-10-04"],
  ["Australia/Lord_Howe", "day", "2026-10-04T12:59:59.999Z", "2026-10-04"],
  ["Australia/Lord_Howe", "day", "2026-10-04T13:00:00.000Z", "2026-10-05"],
  // Weeks begin on Monday, also those with a new year in them.
  ["UTC", "week", "2026-01-01T00:00:00.000Z", "2025-12-29"],
  ["UTC", "week", "2025-12-28T23:59:59.999Z", "2025-12-22"],
  ["UTC", "week", "2027-01-01T12:00:00.000Z", "2026-12-28"],
  ["UTC", "week", "2027-01-03T23:59:59.999Z", "2026-12-28"],
  ["UTC", "week", "2027-01-04T00:00:00.000Z", "2027-01-04"],
  ["UTC", "week", "2024-12-30T00:00:00.000Z", "2024-12-30"],
  ["America/New_York", "week", "2026-03-09T03:59:59.999Z", "2026-03-02"],
  ["Pacific/Kiritimati", "day", "2025-12-31T10:00:00.000Z", "2026-01-01"],
  // Beyond the days that can be written.
  ["America/New_York", "month", "0001-01-01T00:00:00.000Z", "0001-01-01"],
  ["Asia/Tokyo", "year", "9999-12-31T23:59:59.999Z", "9999-01-01"],
] as const;

const changes = [
  ["America/New_York", "2026-03-07T00:00:00.000Z", "2026-03-10T00:00:00.000Z", "2026-03-08", 46],
  ["America/New_York", "2026-10-31T00:00:00.000Z", "2026-11-03T00:00:00.000Z", "2026-11-01", 50],
  ["Australia/Lord_Howe", "2026-04-03T00:00:00.000Z", "2026-04-07T00:00:00.000Z", "2026-04-05", 49],
  ["Australia/Lord_Howe", "2026-10-02T00:00:00.000Z", "2026-10-06T00:00:00.000Z", "2026-10-04", 47],
  ["Asia/Kathmandu", "2026-02-27T00:00:00.000Z", "2026-03-02T00:00:00.000Z", "2026-02-28", 48],
] as const;
/** Winter and summer, at the ends of days and of the year. */
const everywhere = [
  "2022-01-01T05:30:00.000Z",
  "2022-06-30T11:45:00.000Z",
  "2022-12-31T18:20:00.000Z",
];

beforeAll(async () => {
  ({ gateway, tenant, key } = await startTenant("zones"));
  const account = await tenant.account();
  const instants = new Set([
    ...boundaries.map(([, , instant]) => instant),
    ...changes.flatMap(([, from, to]) => halfHours(from, to)),
    ...everywhere,
  ]);
  await tenant.makeMany(
    "activity",
    [...instants].map((occurredAt) => ({ accountId: account.uuid, type: "call", occurredAt })),
  );
});
afterAll(() => gateway.close());

async function daysOf(
  where: object,
  by: string,
  timeZone: string,
): Promise<Record<string, unknown>> {
  const data = await gateway.data(key, periods, { where, by, timeZone });
  return Object.fromEntries(
    listAt(data, "activitiesAggregate", "groups").map((group) => [
      String(at(group, "key", "occurredAt")),
      at(group, "count"),
    ]),
  );
}

describe("a period", () => {
  it.each(boundaries)("in %s, %s of %s is %s", async (timeZone, by, instant, expected) => {
    const found = await daysOf({ occurredAt: { eq: instant } }, by, timeZone);
    expect(found).toEqual({ [expected]: 1 });
  });

  it.each(changes)(
    "in %s between %s and %s has every half hour on its day, %s of them with %i",
    async (timeZone, from, to, changed, count) => {
      const expected: Record<string, number> = {};
      for (const instant of halfHours(from, to)) {
        const day = localDay(instant, timeZone);
        expected[day] = (expected[day] ?? 0) + 1;
      }
      // Instants of other tests lie between the half hours.
      const where = { occurredAt: { in: halfHours(from, to) } };
      expect(await daysOf(where, "day", timeZone)).toEqual(expected);
      expect(expected[changed]).toBe(count);
    },
  );

  it("in each zone that JavaScript knows is the same as there, or is refused with its place", async () => {
    const aliases = [
      "Japan",
      "GB",
      "US/Pacific",
      "EST5EDT",
      "Zulu",
      "Etc/GMT+5",
      "america/new_york",
      "Asia/Katmandu",
    ];
    const zones = [...someOf(Intl.supportedValuesOf("timeZone")), ...aliases];
    const refused: unknown[] = [];
    for (const timeZone of zones) {
      const where = { occurredAt: { in: everywhere } };
      const { data, errors } = await gateway.ask(key, periods, { where, by: "day", timeZone });
      if (errors !== undefined) {
        refused.push(errors[0]?.extensions);
        continue;
      }
      const days = listAt(data, "activitiesAggregate", "groups").map((group) =>
        at(group, "key", "occurredAt"),
      );
      expect(days, timeZone).toEqual(everywhere.map((instant) => localDay(instant, timeZone)));
    }
    // An older PostgreSQL lacks a few new ones.
    expect(refused.length).toBeLessThan(10);
    const place = { code: "BAD_USER_INPUT", inputPath: ["groupBy", "0", "timeZone"] };
    expect(refused).toEqual(refused.map(() => place));
  });

  it("keeps days as they are, without a zone", async () => {
    const account = await tenant.account();
    for (const expectedCloseDate of ["2026-12-28", "2027-01-03", "2027-01-04", null])
      await tenant.deal(account, { expectedCloseDate });
    const data = await gateway.data(
      key,
      `{ dealsAggregate(groupBy: [{ field: expectedCloseDate, by: week }]) { groups { key { expectedCloseDate } count } }
         days: dealsAggregate(groupBy: [{ field: expectedCloseDate }]) { groups { key { expectedCloseDate } } } }`,
    );
    expect(at(data, "dealsAggregate", "groups")).toEqual([
      { key: { expectedCloseDate: "2026-12-28" }, count: 2 },
      { key: { expectedCloseDate: "2027-01-04" }, count: 1 },
      { key: { expectedCloseDate: null }, count: 1 },
    ]);
    expect(
      listAt(data, "days", "groups").map((group) => at(group, "key", "expectedCloseDate")),
    ).toEqual(["2026-12-28", "2027-01-03", "2027-01-04", null]);
  });
});

describe("a time zone is refused", () => {
  const hostile = [
    "+05:00",
    "-0800",
    "UTC+3",
    "UTC-05:00",
    "<+05>-05",
    "EST5",
    "GMT+5",
    "5",
    "",
    // The same letters mean different zones to browsers and to PostgreSQL.
    "EST",
    "IST",
    "CET",
    "PST",
    "ist",
    "ACT",
    "posix/America/New_York",
    "right/UTC",
    "localtime",
    "Factory",
    "posixrules",
    "America/New York",
    "America/New_York ",
    " UTC",
    "Mars/Olympus",
    "../../etc/passwd",
    "UTC'; DROP TABLE deals; --",
    "UTC\u0000",
    "\ud800",
    "UTC\n",
    "🕐",
    "A".repeat(10_000),
    "__proto__",
    "constructor",
    "$1",
    "America/New_York\u202e",
  ];
  it.each(hostile)("when it is %j", async (timeZone) => {
    const answer = await gateway.ask(key, periods, { by: "day", timeZone });
    expect(answer.errors?.[0]?.extensions).toEqual({
      code: "BAD_USER_INPUT",
      inputPath: ["groupBy", "0", "timeZone"],
    });
    expect(answer.errors?.[0]?.message.length).toBeLessThan(200);
  });

  it("by the database, when only JavaScript knows it, as bad input", async () => {
    const unknown = Object.assign(new Error('time zone "Asia/Tokyo" not recognized'), {
      code: "22023",
    });
    const reader = new Reader({
      db: { rows: () => Promise.reject(unknown) },
      catalog,
      viewer: { tenantId: tenant.uuid, appId: null },
    });
    const groupBy = ["UTC", "Asia/Tokyo"].map((timeZone, index) => ({
      field: index === 0 ? "createdAt" : "updatedAt",
      by: "day" as const,
      timeZone,
    }));
    const request = {
      entity: catalog.entity("deal"),
      parent: null,
      where: null,
      words: null,
      includeDeleted: false,
      total: { figures: [], groupCount: true },
      groups: null,
      groupBy,
    };
    await expect(reader.aggregate(request)).rejects.toMatchObject({
      refusal: { code: "BAD_USER_INPUT", path: ["groupBy", "1", "timeZone"] },
    });
  });
});
