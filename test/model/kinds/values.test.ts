import { describe, expect, it } from "vitest";
import { currencies, currencyKey, readCurrency } from "../../../src/model/kinds/currency.ts";
import { readDay } from "../../../src/model/kinds/date.ts";
import { domainKey, readDomain } from "../../../src/model/kinds/domain.ts";
import { readInstant } from "../../../src/model/kinds/parts/instant.ts";
import { phoneForms, phoneKey, readPhone } from "../../../src/model/kinds/phone.ts";
import { readUrl } from "../../../src/model/kinds/url.ts";

const refused = { complaint: expect.any(Object) };

describe("a phone number in E.164", () => {
  it.each([
    ["+1 650 253 0000", "+16502530000"],
    ["+1 (650) 253-0000", "+16502530000"],
    ["+1.650.253.0000", "+16502530000"],
    ["+49 (0)30 9018 2233", "+493090182233"],
    ["+49 30/9018 2233", "+493090182233"],
    ["＋１ ６５０ ２５３ ００００", "+16502530000"],
    ["+٩٦٦ ٥٠ ١٢٣ ٤٥٦٧", "+966501234567"],
    [" +39 06 1234 5678 ", "+390612345678"],
  ])("%s → %s", (text, value) => {
    expect(readPhone(text)).toEqual({ value });
  });

  it.each([
    "+1 650 253 0000 ext. 136",
    "+1 650 253 0000 extension 136",
    "+1 650 253 0000 x136",
    "+1 650 253 0000;ext=136",
    "+1 650 253 0000 #6",
    "+1 650 253 0000,136",
    "+1 650 253 0000 ~136",
    "+1 650 253 0000 int. 4",
    "+7 495 123-45-67 доб. 123",
    "+1 650 253 0000 (do not call)",
    "+1 650 253 0000 or 0001",
    "+1 650 253 0000 / +1 650 253 0001",
    "+1 650 253 0000 / 0001",
    "call +1 650 253 0000",
    "tel:+1-650-253-0000",
    "+1 650-CALL-NOW",
    "650 253 0000",
    "+1",
    "",
  ])("is not in %j: what is left over is not dropped", (text) => {
    expect(readPhone(text)).toEqual({ complaint: { complaint: "notPhone" } });
  });

  it("is one with another text by its number and extension", () => {
    const same = ["+1 650 253 0000 x136", "+1 (650) 253-0000 ext. 136", "+16502530000;ext=136"];
    expect(new Set(same.map(phoneKey)).size).toBe(1);
    const different = [...same.slice(0, 1), "+1 650 253 0000", "+1 650 253 0000 x137"];
    expect(new Set(different.map(phoneKey)).size).toBe(3);
    expect(phoneKey("(201) 555-0100")).toBe(phoneKey("201.555.0100"));
    expect(phoneKey("ask for Nora")).toBe("ask for Nora");
  });

  it("has the digits of what is written and of E.164", () => {
    expect(phoneForms("+49 (0)30 9018 2233").digits).toEqual(["493090182233"]);
    expect(phoneForms("(201) 555-0100").digits).toEqual(["2015550100"]);
    expect(phoneForms("none").digits).toEqual([]);
  });
});

describe("a domain", () => {
  it.each([
    ["https://www.Example.com/about", "example.com"],
    ["www.dom.example", "dom.example"],
    ["www.www.dom.example", "dom.example"],
    ["münchen.example", "xn--mnchen-3ya.example"],
    ["xn--mnchen-3ya.example", "xn--mnchen-3ya.example"],
    ["http://x.example:8080?q=/", "x.example"],
    ["Example.COM.", "example.com"],
    ["www.com", "www.com"],
  ])("%s → %s", (text, value) => {
    expect(readDomain(text)).toEqual({ value });
    expect(domainKey(value)).toBe(value);
  });

  it.each(["1", "1.2.3.4", "0x7f.1", "ex%61mple.com", "a b.example", "u@x.example", "*.x.example"])(
    "is not %s",
    (text) => {
      expect(readDomain(text)).toEqual(refused);
    },
  );
});

describe("a currency", () => {
  it("is one of ISO 4217's list of 2026-01-01, with funds and metals", () => {
    expect(currencies.size).toBe(178);
    for (const code of "VED VES XAD XCG BOV CHE CHW CLF COU MXV USN UYI UYW XAU XTS XXX".split(" "))
      expect(readCurrency(code.toLowerCase())).toEqual({ value: code });
  });

  it.each(["HRK", "BGN", "ANG", "CUC", "ZWL", "DEM", "BTC", "US", "USDX", ""])(
    "is not %j",
    (code) => {
      expect(readCurrency(code)).toEqual(refused);
    },
  );

  it("that was withdrawn is compared all the same", () => {
    expect(currencyKey("hrk")).toBe("HRK");
  });
});

describe("a day", () => {
  it.each([
    ["1996-07-04", "1996-07-04"],
    ["1996-07-04 00:00:00.000", "1996-07-04"],
    ["1996-07-04T00:00:00", "1996-07-04"],
    ["1996-07-04 00:00", "1996-07-04"],
    ["2026-11-30T23:30:00-02:00", "2026-12-01"],
    ["2026-11-30 00:00:00+00", "2026-11-30"],
    [" 2026-11-30 ", "2026-11-30"],
  ])("%j → %s", (text, value) => {
    expect(readDay(text)).toEqual({ value });
  });

  it.each([
    "07/04/1996",
    "1996-7-4",
    "19960704",
    "1996-07-04T10:00:00",
    "1996-07-04 00:00:01",
    "2026-02-29",
    "2026-02-30 00:00:00",
    "0000-01-01",
    "",
  ])("is not %j", (text) => {
    expect(readDay(text)).toEqual(refused);
  });
});

describe("an instant", () => {
  it.each([
    ["2026-11-30T10:00:00Z", "2026-11-30T10:00:00.000Z"],
    ["2026-11-30t10:00:00.123456z", "2026-11-30T10:00:00.123Z"],
    ["2026-11-30T10:00:00+0000", "2026-11-30T10:00:00.000Z"],
    ["2026-11-30T10:00:00+0530", "2026-11-30T04:30:00.000Z"],
    ["2026-11-30 10:00:00+00", "2026-11-30T10:00:00.000Z"],
    ["2026-11-30 10:00:00.5 -03", "2026-11-30T13:00:00.500Z"],
    ["2026-11-30 10:00:00 +0100", "2026-11-30T09:00:00.000Z"],
    ["2026-11-30T10:00:00 z", "2026-11-30T10:00:00.000Z"],
  ])("%s → %s", (text, value) => {
    expect(readInstant(text)).toEqual({ value });
  });

  it.each([
    "2026-11-30T10:00:00",
    "2026-11-30 10:00:00",
    "2026-11-30",
    "2026-11-30T10:00Z",
    "2026-11-30T10:00:00 UTC",
    "2026-11-30T10:00:00 CET",
    "2026-11-30T10:00:00+25:00",
    "2026-02-30T10:00:00Z",
    "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:30:00-01:00",
    "1764496800",
  ])("is not %s", (text) => {
    expect(readInstant(text)).toEqual(refused);
  });
});

describe("a web address", () => {
  it("has the scheme http or https", () => {
    expect(readUrl("HTTPS://łódź.example/a?b")).toEqual({ value: "HTTPS://łódź.example/a?b" });
    for (const text of ["example.com", "ftp://example.com", "javascript:alert(1)", "http://"])
      expect(readUrl(text)).toEqual(refused);
  });
});
