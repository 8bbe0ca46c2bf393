import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestGateway } from "../support/gateway/gateway.ts";
import { expectRefused, expectWritten, type Outcome } from "../support/writes/mutation.ts";
import { createAccountFrom, type Writes } from "../support/writes/writes.ts";
import {
  fieldFor,
  kinds,
  leastInput,
  oneOfEach,
  type Kind,
} from "../support/samples/one-of-each.ts";
import { withoutExtensions } from "../support/gateway/without-extensions.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let key: string;
let writes: Writes;
let ours: Record<Kind, string>;

beforeAll(async () => {
  ({ gateway, key, writes } = await startTenant("ours"));
  ours = await oneOfEach(gateway, key);
});
afterAll(() => gateway.close());

type Values = Readonly<Record<string, unknown>>;

const create = (kind: Kind, input: Values, selection = "id"): Promise<Outcome> =>
  writes.mutate(
    fieldFor("create", kind),
    { input: { ...leastInput(kind, ours), ...input } },
    selection,
  );
const labelled = kinds.filter((kind) => kind !== "lineItem");
const unstorable = ["\u0000", "a\u0000b", "\ud83d", "a\ude00", "\ude00\ud83d"];

describe("tags", () => {
  it.each(labelled)("list of strings, unique: %s", async (kind) => {
    expect(expectWritten(await create(kind, {}, "tags"))["tags"]).toEqual([]);
    expect(expectWritten(await create(kind, { tags: null }, "tags"))["tags"]).toEqual([]);
    const tags = ["vip", " vip ", "VIP", "", "Größe 2", "vip"];
    const record = expectWritten(await create(kind, { tags }, "tags"));
    expect(record["tags"]).toEqual(["vip", "VIP", "Größe 2"]);
  });

  it.each(labelled)("each at most 64 characters: %s", async (kind) => {
    for (const letter of ["x", "日", "😀"]) {
      const longest = letter.repeat(64);
      const record = expectWritten(await create(kind, { tags: [` ${longest} `] }, "tags"));
      expect(record["tags"]).toEqual([longest]);
      const outcome = await create(kind, { tags: ["a", `${longest}y`] });
      expectRefused(outcome, [["tags.1", "ValidationError", /64/]]);
    }
  });

  it.each(labelled)("at most 100: %s", async (kind) => {
    const tags = Array.from({ length: 100 }, (_, index) => `tag ${index}`);
    const record = expectWritten(await create(kind, { tags }, "tags"));
    expect(record["tags"]).toEqual(tags);
    const outcome = await create(kind, { tags: [...tags, "one more"] });
    expectRefused(outcome, [["tags", "ValidationError", /100/]]);
  });

  it("no U+0000, no lone surrogates", async () => {
    for (const tag of unstorable) {
      const outcome = await create("account", { tags: ["a", tag] });
      expectRefused(outcome, [["tags.1", "ValidationError", /U\+0000/]]);
    }
  });

  it("an update replaces them, [] clears", async () => {
    const { id } = expectWritten(await create("account", { tags: ["a", "b"] }));
    const update = (tags: unknown) =>
      writes.mutate("updateAccount", { id, input: { tags } }, "tags");
    expect(expectWritten(await update(["c"]))).toEqual({ tags: ["c"] });
    expectRefused(await update(null), [["tags", "ValidationError", /send \[\]/]]);
    expect(expectWritten(await update([]))).toEqual({ tags: [] });
  });

  it("are no texts of another kind", async () => {
    for (const tags of [[1], [null], [["a"]], [{}]]) {
      await expect(create("account", { tags })).rejects.toThrow(/tags.*BAD_USER_INPUT/);
    }
  });
});

describe("custom_fields", () => {
  /** An object of so many levels, itself the first. */
  const nested = (levels: number, wrap: (inner: unknown) => unknown): Values => {
    let value: unknown = 1;
    for (let level = 1; level < levels; level += 1) value = wrap(value);
    return { a: value };
  };
  /** An object whose JSON has so many bytes. */
  const sized = (bytes: number, letter: string): Values => {
    const room = bytes - Buffer.byteLength('{"a":""}');
    const width = Buffer.byteLength(letter);
    return { a: letter.repeat(Math.floor(room / width)) + "x".repeat(room % width) };
  };

  it.each(labelled)("JSON object: %s", async (kind) => {
    expect(expectWritten(await create(kind, {}, "customFields"))["customFields"]).toEqual({});
    const custom_fields = {
      text: "  kept as sent \n",
      "with spaces and ü": [1, -2.5, 0, true, false, null, "x"],
      "": { a: { b: [] } },
      largest: Number.MAX_SAFE_INTEGER,
      smallest: Number.MIN_SAFE_INTEGER,
      tiny: 5e-324,
    };
    const record = expectWritten(await create(kind, { custom_fields }, "customFields"));
    expect(record["customFields"]).toEqual(custom_fields);
    for (const value of ["text", 1, true, [], [{}]]) {
      const outcome = await create(kind, { custom_fields: value });
      expectRefused(outcome, [["custom_fields", "ValidationError", /object/]]);
    }
  });

  it.each(["x", "é", '"', "\n"])("at most 64 KB, measured as JSON: of %j", async (letter) => {
    // A quote and a line break are two bytes as JSON.
    const width = Buffer.byteLength(JSON.stringify(letter)) - 2;
    const fill = (bytes: number): Values =>
      width === Buffer.byteLength(letter)
        ? sized(bytes, letter)
        : { a: letter.repeat((bytes - Buffer.byteLength('{"a":""}')) / width) };
    const [fits, over] = [fill(65_536), { ...fill(65_536), b: 1 }];
    expect(Buffer.byteLength(JSON.stringify(fits))).toBe(65_536);
    const record = expectWritten(await create("account", { custom_fields: fits }, "customFields"));
    expect(record["customFields"]).toEqual(fits);
    const outcome = await create("account", { custom_fields: over });
    expectRefused(outcome, [["custom_fields", "ValidationError", /64 KB/]]);
  });

  it("one byte over 64 KB is refused", async () => {
    const outcome = await create("account", { custom_fields: sized(65_537, "x") });
    expectRefused(outcome, [["custom_fields", "ValidationError", /64 KB/]]);
  });

  it.each([
    ["objects", (inner: unknown) => ({ a: inner })],
    ["lists", (inner: unknown) => [inner]],
  ])("at most 20 levels of %s", async (_, wrap) => {
    const deepest = nested(20, wrap);
    const record = expectWritten(
      await create("account", { custom_fields: deepest }, "customFields"),
    );
    expect(record["customFields"]).toEqual(deepest);
    const outcome = await create("account", { custom_fields: nested(21, wrap) });
    expectRefused(outcome, [["custom_fields", "ValidationError", /20 levels/]]);
  });

  const refusedAnswer = {
    data: {
      createAccount: {
        account: null,
        userErrors: [{ code: "BAD_USER_INPUT", path: ["custom_fields"] }],
      },
    },
  };

  it.each([100, 240])("%i levels are told like 21", async (levels) => {
    const value = `{"a":${"[".repeat(levels)}${"]".repeat(levels)}}`;
    const { text } = await createAccountFrom(gateway, key, `{"custom_fields":${value}}`);
    expect(JSON.parse(withoutExtensions(text))).toEqual(refusedAnswer);
  });

  it.each([1_000, 30_000])("%i levels are no request at all", async (levels) => {
    const value = `{"a":${"[".repeat(levels)}${"]".repeat(levels)}}`;
    const { text } = await createAccountFrom(gateway, key, `{"custom_fields":${value}}`);
    expect(JSON.parse(withoutExtensions(text))).toEqual({
      errors: [
        {
          message: expect.stringMatching(/250 levels/),
          extensions: { code: "BAD_USER_INPUT" },
        },
      ],
    });
  });

  it.each(["__proto__", "constructor", "prototype"])("no %s key at any depth", async (name) => {
    const texts = [
      `{"${name}":{"a":1}}`,
      `{"a":{"${name}":1}}`,
      `{"a":[{"b":[{"${name}":null}]}]}`,
    ];
    for (const text of texts) {
      const outcome = await create("account", { custom_fields: JSON.parse(text) });
      expectRefused(outcome, [["custom_fields", "ValidationError", new RegExp(name)]]);
    }
  });

  it.each(["__proto__", "constructor", "prototype"])(
    "no %s key in a literal either",
    async (name) => {
      const answer = await gateway.ask(
        key,
        `mutation { createAccount(input: { custom_fields: { a: { ${name}: 1 } } }) { account { id } userErrors { code } } }`,
      );
      expect(answer.data).toEqual({
        createAccount: { account: null, userErrors: [{ code: "BAD_USER_INPUT" }] },
      });
    },
  );

  it("no U+0000, no lone surrogates, in values and keys", async () => {
    for (const text of unstorable) {
      for (const custom_fields of [
        { a: text },
        { a: [{ b: [text] }] },
        { [text]: 1 },
        { a: { [text]: 1 } },
      ]) {
        const outcome = await create("contact", { custom_fields });
        expectRefused(outcome, [["custom_fields", "ValidationError", /U\+0000/]]);
      }
    }
  });

  it.each(["1e400", "-1e400", "1e-400", `0.${"1".repeat(1_000)}`])(
    "no number that readers would take for 0 or infinite, or of more than 1,000 digits: %s",
    async (number) => {
      const input = `{"custom_fields":{"a":[${number}]}}`;
      const { text } = await createAccountFrom(gateway, key, input);
      expect(JSON.parse(text)).toEqual(refusedAnswer);
    },
  );

  it("an update replaces the object, {} empties it", async () => {
    const { id } = expectWritten(await create("account", { custom_fields: { a: 1, b: 2 } }));
    const update = (custom_fields: unknown) =>
      writes.mutate("updateAccount", { id, input: { custom_fields } }, "customFields");
    expect(expectWritten(await update({ b: 3 }))).toEqual({ customFields: { b: 3 } });
    expectRefused(await update(null), [["custom_fields", "ValidationError", /empty/]]);
    expect(expectWritten(await update({}))).toEqual({ customFields: {} });
  });

  it("other JSON has the same limits: gdpr_consent, participants", async () => {
    const deep = nested(21, (inner) => [inner]);
    expectRefused(await create("contact", { gdpr_consent: deep }), [
      ["gdpr_consent", "ValidationError", /20 levels/],
    ]);
    expectRefused(await create("activity", { participants: [sized(65_536, "x")] }), [
      ["participants", "ValidationError", /64 KB/],
    ]);
  });
});

describe("tags, custom_fields", () => {
  it.each(["tags", "custom_fields"])("not on LineItem: %s", async (field) => {
    const answer = await writes.ask("createLineItem", {
      input: { quote_id: ours.quote, [field]: field === "tags" ? ["a"] : {} },
    });
    expect(JSON.stringify(answer.errors)).toMatch(new RegExp(`${field}.*BAD_USER_INPUT`));
  });
});

describe("twin names", () => {
  type Twin = readonly [Kind, string, string, unknown, unknown, string];
  const twins: readonly Twin[] = [
    [
      "activity",
      "activity_date",
      "occurred_at",
      "2026-03-18T15:40:12Z",
      "2026-03-19T00:00:00Z",
      "occurredAt",
    ],
    ["activity", "notes", "description", "Spoke to Ann", "Spoke to Ben", "description"],
    ["quote", "value", "total", "10.5", "11", "total"],
    ["quote", "valid_until", "validity_date", "2026-11-30", "2026-12-01", "validityDate"],
  ];

  it.each(twins)("accept either: %s.%s=%s", async (kind, twin, field, value, _other, shown) => {
    const byTwin = expectWritten(await create(kind, { [twin]: value }, shown));
    const byField = expectWritten(await create(kind, { [field]: value }, shown));
    const byBoth = expectWritten(await create(kind, { [twin]: value, [field]: value }, shown));
    expect(byTwin).toEqual(byField);
    expect(byBoth).toEqual(byField);
    expect(byField[shown]).not.toBeNull();
  });

  it.each(twins)(
    "null says nothing beside the other: %s.%s=%s",
    async (kind, twin, field, value, _other, shown) => {
      const one = expectWritten(await create(kind, { [twin]: null, [field]: value }, shown));
      const other = expectWritten(await create(kind, { [twin]: value, [field]: null }, shown));
      expect(one).toEqual(other);
      expect(one[shown]).not.toBeNull();
    },
  );

  it.each(twins)(
    "both given and different is an error: %s.%s=%s",
    async (kind, twin, field, value, other) => {
      for (const [first, second] of [
        [twin, field],
        [field, twin],
      ] as const) {
        const outcome = await create(kind, { [first]: value, [second]: other });
        expect(outcome.record).toBeNull();
        expect(outcome.userErrors).toHaveLength(1);
        expect(outcome.userErrors[0]).toMatchObject({ __typename: "ValidationError" });
        expect([twin, field]).toContain(outcome.userErrors[0]?.path[0]);
      }
    },
  );

  it("the same said in another form is not different", async () => {
    expectWritten(await create("quote", { value: 10.5, total: "10.50" }));
    expectWritten(
      await create("quote", { valid_until: "2026-11-30T10:00:00Z", validity_date: "2026-11-30" }),
    );
    expectWritten(await create("activity", { notes: " a ", description: "a" }));
  });

  it("activity_type=type where the text is one of the enum's values", async () => {
    const type = async (input: Values) =>
      expectWritten(await create("activity", input, "type activityType"));
    expect(await type({ activity_type: "meeting" })).toEqual({
      type: "meeting",
      activityType: "meeting",
    });
    expect(await type({ type: "meeting" })).toMatchObject({ type: "meeting" });
    expect(await type({ type: "call", activity_type: "call" })).toMatchObject({ type: "call" });
    const free = { type: "call", activity_type: "Discovery" };
    expect(await type(free)).toEqual({ type: "call", activityType: "Discovery" });
    const outcome = await create("activity", { type: "call", activity_type: "email" });
    expectRefused(outcome, [["activity_type", "ValidationError"]]);
  });
});

describe("custom_fields_patch", () => {
  const changed = labelled.filter((kind) => kind !== "activity");
  const patch = (kind: Kind, id: unknown, input: Values) =>
    writes.mutate(fieldFor("update", kind), { id, input }, "customFields version");

  it.each(changed)("changes single keys, and null removes one: %s", async (kind) => {
    const custom_fields = { kept: null, gone: 1, deep: { a: 1, b: 2 }, list: [1] };
    const { id } = expectWritten(await create(kind, { custom_fields }));
    const sent = { gone: null, missing: null, deep: { c: 3 }, new: "x" };
    const record = expectWritten(await patch(kind, id, { custom_fields_patch: sent }));
    const customFields = { kept: null, deep: { c: 3 }, list: [1], new: "x" };
    expect(record).toEqual({ customFields, version: 2 });
    for (const nothing of [null, "", {}]) {
      const { customFields: same } = expectWritten(
        await patch(kind, id, { custom_fields_patch: nothing }),
      );
      expect(same).toEqual(customFields);
    }
  });

  it("keeps the digits of numbers that it does not name", async () => {
    const { id } = expectWritten(await create("account", {}));
    const update = async (field: string, json: string) => {
      const query = `mutation { updateAccount(id: "${String(id)}", input: { ${field}: ${json} }) { account { id } userErrors { path message } } }`;
      await gateway.data(key, query);
    };
    await update("custom_fields", "{ big: 12345678901234567890.125, other: 1 }");
    await update("custom_fields_patch", "{ other: 98765432109876543210 }");
    const { rows } = await gateway.fixtures.client.query(
      "SELECT custom_fields::text AS text FROM accounts WHERE id = $1",
      [String(id).slice("acc-".length)],
    );
    expect(rows).toEqual([
      { text: '{"big": 12345678901234567890.125, "other": 98765432109876543210}' },
    ]);
  });

  it("is refused beside custom_fields, and where the object would be too large", async () => {
    const half = "x".repeat(40_000);
    const { id } = expectWritten(await create("deal", { custom_fields: { half } }));
    const refused = async (input: Values, message: RegExp) => {
      const outcome = await patch("deal", id, input);
      expectRefused(outcome, [["custom_fields_patch", "ValidationError", message]]);
    };
    await refused({ custom_fields: {}, custom_fields_patch: { a: 1 } }, /custom_fields/);
    await refused({ custom_fields_patch: { other: half } }, /64 KB/);
    await refused({ custom_fields_patch: [1] }, /object/);
    await refused({ custom_fields_patch: { constructor: 1 } }, /constructor/);
    expectWritten(await patch("deal", id, { custom_fields_patch: { half: null, other: half } }));
  });

  it("makes up the new record of an upsert, and changes one that is there", async () => {
    const upsert = (sent: Values) =>
      writes.mutate(
        "upsertAccount",
        { input: { external_id: "patched", custom_fields_patch: sent } },
        "customFields",
      );
    const [first, second] = [
      expectWritten(await upsert({ a: 1, b: null })),
      expectWritten(await upsert({ b: 2 })),
    ];
    expect([first, second]).toEqual([{ customFields: { a: 1 } }, { customFields: { a: 1, b: 2 } }]);
    const outcome = await create("account", { custom_fields_patch: {} }).catch(String);
    expect(outcome).toContain("custom_fields_patch");
  });
});
