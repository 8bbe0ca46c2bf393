import { afterAll, beforeAll, expect, it } from "vitest";
import { Random } from "../../src/seed/random.ts";
import { hostileTexts } from "../support/fuzz/hostile-values.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { assertDocumented } from "../support/rest/openapi-contract.ts";
import { described } from "../support/rest/fuzz/plans.ts";
import { isLong, runSeed } from "../support/run/run-length.ts";

let gateway: TestGateway;
let credentials: Readonly<Record<string, string>>;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent", env: { POINTS_PER_MINUTE: "100000000" } });
  const { slug, id } = await gateway.fixtures.tenant("north-harbor");
  credentials = { "x-api-key": await gateway.keyFor(slug), "x-organization-id": id };
});
afterAll(() => gateway.close());

/** Values of a query or a path, as they are sent. */
const oddTexts = [
  ...hostileTexts.map((json) => {
    const value: unknown = JSON.parse(json);
    return encodeURIComponent((typeof value === "string" ? value : json).toWellFormed());
  }),
  ..."%00 % %zz %ff %ed%a0%80 %2e%2e%2f %5B%5D %E2%80%AE".split(" "),
  "a,".repeat(300),
];
/** Values of headers that a client can send. */
const oddHeaders = ["", ...'* " "" W/"1" "9999999999" \u00e9 __proto__ -1'.split(" ")];
const comparisons = ["", ..."eq ne gte lt in not_in contains is_null all a.b".split(" ")];
const nobody = "019cbd7f-679e-705d-b742-3c0d785c8c30";

type Asked = { readonly path: string; readonly headers: Readonly<Record<string, string>> };

/** Each parameter of the document with one value, in the long form with some. */
const cases = described.flatMap(({ method, path, parameters }) =>
  parameters.flatMap(({ name, in: place, style }) => {
    const random = new Random(`${name} ${path} ${runSeed}`);
    const values = place === "header" ? oddHeaders : oddTexts;
    return random.some(isLong ? 8 : 1, values).map((value) => {
      const known = path.replace(/\{\w+\}/, nobody);
      const compared = style === "deepObject" ? `${name}[${random.pick(comparisons)}]` : name;
      const asked: Readonly<Record<string, Asked>> = {
        header: { path: known, headers: { [name]: value } },
        path: { path: path.replace(/\{\w+\}/, value), headers: {} },
        query: { path: `${known}?${encodeURIComponent(compared)}=${value}`, headers: {} },
      };
      return { method: method.toUpperCase(), ...(asked[place] ?? { path: known, headers: {} }) };
    });
  }),
);

it(`each parameter takes a value or refuses it as the document says (CRM_TEST_SEED=${runSeed})`, async () => {
  const failed: string[] = [];
  const ask = async ({ method, path, headers }: (typeof cases)[number]): Promise<void> => {
    const hasBody = ["POST", "PATCH", "PUT"].includes(method);
    const response = await fetch(`${gateway.url}${path}`, {
      method,
      headers: {
        ...credentials,
        ...(hasBody ? { "content-type": "application/json" } : {}),
        ...headers,
      },
      ...(hasBody ? { body: "{}" } : {}),
    });
    const { status } = response;
    const text = await response.text();
    try {
      assertDocumented({ method, path, status, headers: response.headers, text });
      expect(status).toBeLessThan(500);
    } catch (error) {
      failed.push(`${method} ${path.slice(0, 500)} ${JSON.stringify(headers)} → ${String(error)}`);
    }
  };
  expect(cases.length).toBeGreaterThan(800);
  for (let from = 0; from < cases.length; from += 20) {
    await Promise.all(cases.slice(from, from + 20).map(ask));
  }
  expect(failed).toEqual([]);
}, 600_000);
