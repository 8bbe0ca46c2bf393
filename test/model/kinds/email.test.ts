import { describe, expect, it } from "vitest";
import { emailHost, emailKey, emailPattern, readEmail } from "../../../src/model/kinds/email.ts";

/** A host of so many characters, up to 259. */
const hostOf = (length: number) =>
  `${`${"a".repeat(63)}.`.repeat(3)}${"a".repeat(length - 196)}.com`;

const addresses = [
  "info@bücher.example",
  "müller@example.com",
  "用户@例子.广告",
  "r&d@example.com",
  "a/b=c@example.com",
  "it#1@example.com",
  "100%@example.com",
  "x@a.xn--p1ai",
  "ops@example.com",
  "Ops.Team+tag@Sub.Example.COM",
  "o'brien@example.ie",
  "a@b.co",
  "user_name@example.com",
  "-dash-@example.com",
  "a!b$c*d?e^f`g{h|i}j~k@example.com",
  "1@2.example",
  "x@1and1.example",
  "info@xn--bcher-kva.example",
  "почта@пример.рф",
  "δοκιμή@παράδειγμα.ελ",
  "उपयोगकर्ता@उदाहरण.भारत",
  "مثال@مثال.السعودية",
  "ñandú@correo.example",
  "josé.garcía@españa.example",
  "田中@example.jp",
  "😀@example.com",
  "𠮷野@example.jp",
  "x@straße.example",
  "x@例子。广告",
  "ünï.cödé@exämple.com",
  "e\u0301@example.com",
  "a+@example.com",
  "i.like.underscores_@its.example",
  "x@a-b.example",
  `${"l".repeat(64)}@example.com`,
  `${"ü".repeat(32)}@example.com`,
  `x@${"a".repeat(63)}.example`,
  `x@${hostOf(255)}`,
];

const others = [
  "",
  "plain",
  "@example.com",
  "a@",
  "a@b",
  "a@localhost",
  "a@@example.com",
  "a@b@example.com",
  ".a@example.com",
  "a.@example.com",
  "a..b@example.com",
  "a b@example.com",
  "a@exa mple.com",
  "a@-a.example",
  "a@a-.example",
  "a@.example.com",
  "a@example..com",
  "a@example.com.",
  "a@[192.0.2.1]",
  "a@192.0.2.1",
  "a@0x7f.1",
  "a@example.123",
  '"a b"@example.com',
  "a(c)@example.com",
  "a,b@example.com",
  "a;b@example.com",
  "a:b@example.com",
  "a[b]@example.com",
  "a\\b@example.com",
  "<a@example.com>",
  "Ops <a@example.com>",
  "mailto:a@example.com",
  "a@example.com?x=1",
  "a@example.com:25",
  "a@example.com/x",
  "a@exa_mple.com",
  "a@ex%61mple.com",
  "a@*.example",
  "a@xn--.example",
  "a\n@example.com",
  "a@example.com\nb@example.com",
  "a\u200b@example.com",
  "a\u202eb@example.com",
  "a\u00a0b@example.com",
  "a@exa\u00admple.com",
  `${"l".repeat(65)}@example.com`,
  `${"ü".repeat(33)}@example.com`,
  `x@${"a".repeat(64)}.example`,
  `x@${hostOf(256)}`,
  `x@${"ü".repeat(62)}.example`,
];

describe("an email address", () => {
  it.each(addresses)("is %s, and is kept as it is typed", (text) => {
    expect(readEmail(text)).toEqual({ value: text });
    expect(text).toMatch(new RegExp(emailPattern, "u"));
  });

  it.each(others)("is not %j", (text) => {
    expect(readEmail(text)).toEqual({ complaint: { complaint: "notEmail" } });
  });

  it.each([
    ["Info@Bücher.Example", "info@xn--bcher-kva.example"],
    ["info@xn--BCHER-kva.example", "info@xn--bcher-kva.example"],
    ["info@bu\u0308cher.example", "info@xn--bcher-kva.example"],
    ["MÜLLER@example.com", "müller@example.com"],
    ["E\u0301@example.com", "é@example.com"],
    ["x@例子。广告", "x@xn--fsqu00a.xn--4rr70v"],
    ["ΑΣ@example.com", "ασ@example.com"],
    ["ας@example.com", "ασ@example.com"],
    ["No Address", "no address"],
  ])("%s is compared as %s", (text, key) => {
    expect(emailKey(text)).toBe(key);
  });

  it("has a host in punycode", () => {
    expect(emailHost("info@Bücher.example")).toBe("xn--bcher-kva.example");
    expect(emailHost("bücher.example")).toBeNull();
  });
});
