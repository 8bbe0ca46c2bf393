import { PassThrough } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RowTap } from "../../src/db/row-tap.ts";

/** A message as PostgreSQL sends it: its code, the length of itself and of what follows, and that. */
function message(code: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(code);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const messages = fc.array(
  fc.record({
    code: fc.constantFrom("D", "D", "C", "Z", "s"),
    body: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  }),
  { maxLength: 12 },
);

describe("a tap of rows", () => {
  it("takes each row and leaves all else to the listener, however the bytes come", () => {
    const property = fc.property(
      messages,
      fc.infiniteStream(fc.integer({ min: 1, max: 30 })),
      (sent, sizes) => {
        const stream = new PassThrough();
        const passed: Buffer[] = [];
        stream.on("data", (bytes: Buffer) => passed.push(bytes));
        const rows: Buffer[] = [];
        const tap = new RowTap(stream, (bytes, start, end) =>
          rows.push(Buffer.from(bytes.subarray(start, end))),
        );
        const all = Buffer.concat(sent.map(({ code, body }) => message(code, body)));
        // The listener is asked by itself: how a stream cuts what is written is no matter here.
        for (let at = 0; at < all.length;) {
          const size = sizes.next().value ?? 1;
          stream.emit("data", all.subarray(at, at + size));
          at += size;
        }
        expect(rows).toEqual(sent.filter(({ code }) => code === "D").map(({ body }) => body));
        const others = sent.filter(({ code }) => code !== "D");
        expect(Buffer.concat(passed)).toEqual(
          Buffer.concat(others.map(({ code, body }) => message(code, body))),
        );
        tap.close();
        stream.emit("data", Buffer.from("behind"));
        expect(passed.at(-1)?.toString()).toBe("behind");
      },
    );
    fc.assert(property, { numRuns: 300 });
  });

  it("hands what has begun to the listener when it is closed", () => {
    const stream = new PassThrough();
    const passed: Buffer[] = [];
    stream.on("data", (bytes: Buffer) => passed.push(bytes));
    const tap = new RowTap(stream, () => expect.unreachable());
    const whole = message("D", Buffer.from("cells"));
    stream.emit("data", whole.subarray(0, 7));
    tap.close();
    stream.emit("data", whole.subarray(7));
    expect(Buffer.concat(passed)).toEqual(whole);
  });
});
