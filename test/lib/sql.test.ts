import { describe, expect, it } from "vitest";
import {
  all,
  always,
  any,
  never,
  not,
  param,
  raw,
  render,
  sql,
  unknown,
  where,
  type Sql,
} from "../../src/lib/sql.ts";

const text = (piece: Sql): string => render(piece).text;
const a = sql`a = ${param(1, "integer")}`;
const b = raw("b");

describe("conditions", () => {
  it("are joined, and leave out what changes nothing", () => {
    expect(text(all([a, always, b]))).toBe("(a = $1::integer AND b)");
    expect(text(any([a, never, b]))).toBe("(a = $1::integer OR b)");
    expect([all([b, always]), any([never, b])]).toEqual([b, b]);
  });

  it("are folded when they are constant", () => {
    expect([all([]), any([]), all([a, never]), any([a, always])]).toEqual([
      always,
      never,
      never,
      always,
    ]);
    expect([not(always), not(never), not(unknown), not(all([unknown, unknown]))]).toEqual([
      never,
      always,
      unknown,
      unknown,
    ]);
  });

  it("keep the unknown apart from the false, since NOT tells them apart", () => {
    expect(text(not(all([b, unknown])))).toBe("NOT ((b AND NULL::boolean))");
    expect(text(any([b, unknown]))).toBe("(b OR NULL::boolean)");
  });

  it("cannot match in WHERE when all that they may be is false or unknown", () => {
    const hopeless = [unknown, all([b, unknown]), not(any([b, unknown])), any([never, unknown])];
    expect(hopeless.map(where)).toEqual([never, never, never, never]);
    const open = [b, any([b, unknown]), not(all([b, unknown])), not(b)];
    expect(open.map(where)).toEqual(open);
  });
});
