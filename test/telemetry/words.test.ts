import { describe, expect, it } from "vitest";
import { describeError, withoutValues } from "../../src/telemetry/describe-error.ts";
import { tellableName } from "../../src/telemetry/operation-name.ts";
import { Refusals, type RefusalCount } from "../../src/telemetry/refusals.ts";
import { parseTraceParent } from "../../src/telemetry/tracing.ts";

describe("the name of an operation", () => {
  it.each(["Accounts", "getDealById", "Q3_2026", "_x", "DealPage2"])("%s is told", (name) => {
    expect(tellableName(name)).toBe(name);
  });

  it.each([
    ["too long for a name", "A".repeat(65)],
    ["a number", "p4915112345678"],
    ["a number in parts", "call_555_123"],
    ["hex digits", "s_9f86d081884c"],
    ["a random text", "tR7k9Q2mX4vB8nZ1"],
    ["no name", "a b"],
    ["a line break", "a\n"],
    ["nothing", ""],
  ])("%s is not", (_what, name) => {
    expect(tellableName(name)).toBeNull();
  });
});

describe("what is logged of an error", () => {
  it.each([
    [`Unexpected token 'c', "crm_test_x" is not valid JSON`, "crm_test"],
    ["String cannot represent value: { email: ada@example.com }", "ada"],
    ["cannot parse ada@example.com as a number", "ada"],
    ["Failed to fetch https://user:hunter2@keys.example.com/x", "hunter2"],
    ["no row with phone +4915112345678", "4915112345678"],
    ["bad key crm_test_0190aaaa-0000-7000-8000-000000000000_aabb", "crm_test"],
    ["bad token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.sig-nature", "eyJ"],
    [`unbalanced "hunter2 ${"x".repeat(5_000)}`, "hunter2"],
  ])("%s: without %s", (message, value) => {
    const told = withoutValues(message);
    expect(told).not.toContain(value);
    expect(told.length).toBeLessThanOrEqual(300);
  });

  it("leaves what says what went wrong", () => {
    expect(withoutValues("Cannot read properties of undefined (reading 'id')")).toBe(
      "Cannot read properties of undefined (reading …)",
    );
    expect(withoutValues("connect ECONNREFUSED 127.0.0.1:80")).toContain("ECONNREFUSED");
  });

  it("of a database error is its code and what it names, never its words", () => {
    const error = Object.assign(new Error("duplicate key: ada@example.com"), {
      severity: "ERROR",
      code: "23505",
      detail: "Key (email)=(ada@example.com) already exists.",
      constraint: "contacts_email_key",
      table: "contacts",
    });
    expect(describeError(error)).toEqual({
      name: "Error",
      code: "23505",
      table: "contacts",
      constraint: "contacts_email_key",
      stack: expect.stringMatching(/^ {4}at /),
    });
  });
});

describe("refusals in a minute", () => {
  it("have a bounded number of lines, from however many addresses", () => {
    const told: [number, readonly RefusalCount[]][] = [];
    const refusals = new Refusals((count, most) => told.push([count, most]));
    let lines = 0;
    for (let index = 0; index < 50_000; index += 1) {
      if (refusals.admits(`2001:db8::${index.toString(16)}`)) lines += 1;
    }
    expect(lines).toBe(600);
    refusals.flush();
    expect(told).toEqual([[49_400, []]]);
    expect(refusals.admits("2001:db8::1")).toBe(true);
    refusals.flush();
    expect(told).toHaveLength(1);
  });
});

describe("a traceparent", () => {
  const trace = "0af7651916cd43dd8448eb211c80319c";
  const span = "b7ad6b7169203331";

  it("is read", () => {
    const parent = { traceId: trace, spanId: span, traceFlags: 1 };
    expect(parseTraceParent(`00-${trace}-${span}-01`)).toEqual(parent);
    expect(parseTraceParent(`00-${trace}-${span}-00`)).toEqual({ ...parent, traceFlags: 0 });
    expect(parseTraceParent(`cc-${trace}-${span}-01-what-comes-later`)).toEqual(parent);
  });

  it.each([
    undefined,
    "",
    "hunter2",
    `ff-${trace}-${span}-01`,
    `00-${"0".repeat(32)}-${span}-01`,
    `00-${trace}-${"0".repeat(16)}-01`,
    `00-${trace.toUpperCase()}-${span}-01`,
    `00-${trace}-${span}-01x`,
    ` 00-${trace}-${span}-01`,
  ])("%s is none", (header) => {
    expect(parseTraceParent(header)).toBeNull();
  });
});
