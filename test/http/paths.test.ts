import { afterAll, beforeAll, expect, it } from "vitest";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { sendBytes } from "../support/gateway/raw-http.ts";

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent" });
});
afterAll(() => gateway.close());

const statusOf = async (target: string): Promise<number> => {
  const head = `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
  const answer = await sendBytes(gateway.url, head);
  return Number(answer.slice("HTTP/1.1 ".length, "HTTP/1.1 200".length));
};

it.each([
  "/docs/../healthz",
  "/docs/%2e%2e/healthz",
  "/api/v1/.%2E/../healthz",
  "/./healthz",
  "/x/..//healthz",
  "/he%61lthz",
  "http://localhost/docs/../healthz",
])("a path is what was sent: nothing is served at %s", async (target) => {
  expect(await statusOf(target)).toBe(404);
});

it.each(["/healthz", "/healthz?x=/../y", "http://localhost/healthz"])(
  "%s is served",
  async (target) => {
    expect(await statusOf(target)).toBe(200);
  },
);
