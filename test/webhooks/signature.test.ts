import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { makeSecret, signatureHeaders } from "../../src/webhooks/signature.ts";

const [older, newer, foreign] = [makeSecret(), makeSecret(), makeSecret()];
const id = "msg_0197a1b2";
const body = JSON.stringify({ type: "deal.updated", data: { name: "Straße “£” 🚀" } });
const now = (): Date => new Date();

/** The text with one bit of one byte changed. */
function flipped(text: string, place: number): string {
  const bytes = Buffer.from(text);
  bytes.writeUInt8((bytes[place] ?? 0) ^ 1, place);
  return bytes.toString("latin1");
}

describe("a signature", () => {
  test("is verified by standardwebhooks, and gives the payload", () => {
    const headers = signatureHeaders(id, now(), body, [older]);
    expect(new Webhook(older).verify(body, headers)).toEqual(JSON.parse(body));
  });

  test("is the one that standardwebhooks makes", () => {
    const at = new Date("2026-11-29T07:00:00.900Z");
    const headers = signatureHeaders(id, at, body, [older]);
    expect(headers["webhook-signature"]).toBe(new Webhook(older).sign(id, at, body));
    expect(headers["webhook-timestamp"]).toBe("1795935600");
  });

  test("is verified with the old and the new secret while they are rotated, and with no other", () => {
    const headers = signatureHeaders(id, now(), body, [newer, older]);
    expect(headers["webhook-signature"].split(" ")).toHaveLength(2);
    for (const secret of [older, newer]) {
      expect(new Webhook(secret).verify(body, headers)).toBeTruthy();
    }
    expect(() => new Webhook(foreign).verify(body, headers)).toThrow("No matching signature");
  });

  test("is rejected when any byte of the body changes", () => {
    const ascii = '{"type":"deal.updated","data":{"amount":"10.00"}}';
    const headers = signatureHeaders(id, now(), ascii, [older]);
    const webhook = new Webhook(older);
    for (let place = 0; place < ascii.length; place += 1) {
      expect(() => webhook.verify(flipped(ascii, place), headers), String(place)).toThrow(
        "No matching signature",
      );
    }
    for (const other of [`${ascii} `, ascii.slice(0, -1), ""]) {
      expect(() => webhook.verify(other, headers)).toThrow("No matching signature");
    }
  });

  test.each(["webhook-id", "webhook-timestamp"] as const)(
    "is rejected when any byte of %s changes",
    (name) => {
      const headers = signatureHeaders(id, now(), body, [older]);
      const webhook = new Webhook(older);
      for (let place = 0; place < headers[name].length; place += 1) {
        const changed = { ...headers, [name]: flipped(headers[name], place) };
        expect(() => webhook.verify(body, changed), String(place)).toThrow(
          /No matching signature|too (?:old|new)|Invalid/,
        );
      }
    },
  );

  test("is rejected after five minutes", () => {
    const at = new Date(Date.now() - 301_000);
    const headers = signatureHeaders(id, at, body, [older]);
    expect(() => new Webhook(older).verify(body, headers)).toThrow("too old");
  });

  test("is made with secrets of 32 random bytes", () => {
    expect(older).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(new Set([older, newer, foreign]).size).toBe(3);
  });
});
