import { readFile } from "node:fs/promises";
import { parse, validate } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { httpStatusOf } from "../../src/lib/refusal.ts";
import { schema } from "../support/gateway/schema.ts";
import { seedDemo } from "../../src/seed/demo.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { restClient } from "../support/rest/client.ts";

const root = new URL("../../", import.meta.url);
const read = (file: string): Promise<string> => readFile(new URL(file, root), "utf8");

/** The blocks of a document: those in fences by language, and those that are set in by four spaces. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(
    ([, block = ""]) => block,
  );
}

function indented(text: string): string[] {
  const unfenced = text.replace(/^```.*?^```/gms, "");
  return [...unfenced.matchAll(/(?:^ {4}.*\n)(?:^(?: {4}.*)?\n)*/gm)].map(([block]) => block);
}

describe("the documents' operations are valid", () => {
  it.each([
    "README.md",
    ...["querying", "duplicates", "writing", "picklists", "live", "bulk"].map(
      (name) => `docs/${name}.md`,
    ),
  ])("%s", async (file) => {
    const text = await read(file);
    const operations = [...blocks(text, "graphql"), ...indented(text)].filter((block) =>
      /^\s*(?:\{|query|mutation|subscription)[\s{(]/.test(block),
    );
    expect(operations.length).toBeGreaterThan(0);
    for (const operation of operations) {
      expect(
        validate(schema, parse(operation)).map(({ message }) => message),
        operation,
      ).toEqual([]);
    }
  });
});

it("docs/errors.md has every code with its status, and no other", async () => {
  const rows = (await read("docs/errors.md")).matchAll(/^\| `([A-Z_]+)` \| (\d+) \|/gm);
  const told = [...rows].map(([, code, status]) => [code, Number(status)]);
  expect(Object.fromEntries(told)).toEqual(httpStatusOf);
});

describe("README's examples", () => {
  let gateway: TestGateway;
  let key: string;

  beforeAll(async () => {
    gateway = await startGateway();
    await seedDemo({ url: gateway.databaseUrl });
    key = await gateway.keyFor("north-harbor");
  });
  afterAll(() => gateway.close());

  it("the example pages' tokens are for the demo's tenant, whose id is the same on every day", async () => {
    const id = String(at(await gateway.data(key, "{ tenant { id } }"), "tenant", "id"));
    expect(await read("examples/shared/tokens.ts")).toContain(`TENANT = "${id}"`);
  });

  it("get the answers that it prints, with the demo's data", async () => {
    const text = await read("README.md");
    const operations = blocks(text, "graphql");
    const answers = blocks(text, "json").map((block): unknown => JSON.parse(block));
    expect(operations).toHaveLength(2);
    for (const [index, operation] of operations.entries()) {
      expect(await gateway.ask(key, operation)).toEqual(answers[index]);
    }
    const [url = ""] = /http:\/\/127\.0\.0\.1:4000\/api\S+(?=')/.exec(text) ?? [];
    const rest = restClient(gateway, { "x-api-key": key });
    const { body } = await rest.get(url.replace("http://127.0.0.1:4000", ""));
    expect(body).toMatchObject({
      data: [{ display_name: "North Harbor Facilities", email: "ops@northharbor.example" }],
      pagination: { count: 1 },
    });
  });

  it.each(["docs/bulk.md", "docs/rest.md"])("and those of %s are answered", async (file) => {
    const text = await read(file);
    const [csv] = blocks(text, "csv");
    const examples = [...text.matchAll(/curl (.*)"http:\/\/127\.0\.0\.1:4000(\/api\S+)"/g)];
    expect(examples).not.toEqual([]);
    for (const [, flags = "", path = ""] of examples) {
      const [, method = "GET"] = /-X ([A-Z]+)/.exec(flags) ?? [];
      const [, type] = /"content-type: ([^"]+)"/.exec(flags) ?? [];
      const [, data = csv] = /--data '([^']+)'/.exec(flags) ?? [];
      const answer = await fetch(`${gateway.url}${path}`, {
        method,
        headers: { "x-api-key": key, ...(type === undefined ? {} : { "content-type": type }) },
        ...(type === undefined ? {} : { body: data }),
      });
      const status = { POST: 202, PUT: 201 }[method] ?? 200;
      expect([path, answer.status]).toEqual([path, status]);
      await answer.text();
    }
  });

  it("and docs/errors.md shows an error as it is", async () => {
    const [block = ""] = blocks(await read("docs/errors.md"), "json");
    const answer = await gateway.ask(key, "{ deals(first: 101) { totalCount } }");
    expect(answer).toMatchObject(JSON.parse(block));
  });

  it("and docs/tokens.md sends an operation that is answered", async () => {
    const [, query = ""] = /query: "([^"]+)"/.exec(await read("docs/tokens.md")) ?? [];
    expect(await gateway.data(key, query)).toMatchObject({ viewer: { scopes: ["*"] } });
  });

  it("and docs/live.md opens a stream whose events look as it shows them", async () => {
    const text = await read("docs/live.md");
    const [[curl = ""], [event = ""]] = [blocks(text, "sh"), blocks(text, "text")];
    const headers = [...curl.matchAll(/-H '([^:]+): ([^']+)'/g)].map(([, name, value]) => [
      name,
      name === "x-api-key" ? key : value,
    ]);
    const [, body = ""] = /-d '(.+)'/.exec(curl) ?? [];
    const log = await gateway.data(key, "{ changes(last: 1) { pageInfo { endCursor } } }");
    const end = at(at(at(log, "changes"), "pageInfo"), "endCursor");
    const stream = await fetch(`${gateway.url}/graphql`, {
      method: "POST",
      headers: Object.fromEntries([...headers, ["last-event-id", end]]),
      body,
    });
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    const deals = await gateway.data(key, "{ deals(first: 1) { nodes { id } } }");
    const [deal] = listAt(at(deals, "deals"), "nodes");
    const rename = `mutation ($id: ID!) { updateDeal(id: $id, input: { name: "Renewal" }) { deal { id } } }`;
    await gateway.data(key, rename, { id: at(deal, "id") });
    let events = "";
    while (!/^data: \{.*\n\n/m.test(events)) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`${stream.status}, and ended with ${events}`);
      events += value;
    }
    await reader.cancel();
    const shape = (sent: string): string =>
      sent
        .slice(sent.indexOf("event: next"))
        .replaceAll(/WyJ[\w-]+…?/g, "cursor")
        .trim();
    expect(shape(events)).toBe(shape(event));
  });
});
