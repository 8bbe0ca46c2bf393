import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createContext, runInContext } from "node:vm";
import { build } from "tsdown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installClient, type ClientInstallation } from "../support/processes/client-package.ts";
import { at, listAt } from "../support/gateway/gateway.ts";
import { reply, startScriptedServer } from "../support/processes/scripted-server.ts";

const run = promisify(execFile);
const bin = fileURLToPath(new URL("../../node_modules/.bin/", import.meta.url));
let installed: ClientInstallation;

beforeAll(async () => {
  installed = await installClient();
});
afterAll(() => installed.remove());

const dist = (name: string): Promise<string> =>
  readFile(join(installed.packageDirectory, "dist", name), "utf8");

/** Prints what a program has of the package. */
const tellNames =
  'console.log(JSON.stringify([typeof sdk, Object.keys(sdk).filter((name) => name !== "default").sort()]));';

describe("the package", () => {
  it("is imported and required, with the same names", async () => {
    await installed.write("esm.mjs", `import * as sdk from "crm-gateway-client";\n${tellNames}`);
    await installed.write("cjs.cjs", `const sdk = require("crm-gateway-client");\n${tellNames}`);
    const [imported, required] = [await installed.run("esm.mjs"), await installed.run("cjs.cjs")];
    expect(imported).toMatchObject({ code: 0, stderr: "" });
    expect(required).toEqual(imported);
    expect(listAt(JSON.parse(imported.stdout), 1)).toEqual([
      "ApiError",
      "AsteriPublicApiClient",
      "AuthenticationError",
      "ConflictError",
      "ConnectionError",
      "DuplicateError",
      "IdempotencyError",
      "NotFoundError",
      "PermissionError",
      "RateLimitError",
      "ServerError",
      "TimeoutError",
      "ValidationError",
      "createCrmClient",
      "exactNumbers",
    ]);
  });

  it("holds what it is made of and nothing else", async () => {
    const { stdout } = await run("npm", ["pack", "--dry-run", "--json", "--offline"], {
      cwd: installed.packageDirectory,
    });
    const [packed] = listAt({ packs: JSON.parse(stdout) }, "packs");
    const files = listAt(packed, "files").map((file) => String(at(file, "path")));
    expect(files.toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      "dist/index.cjs",
      "dist/index.d.cts",
      "dist/index.d.mts",
      "dist/index.mjs",
      "package.json",
    ]);
  });

  it("depends on nothing", async () => {
    const manifest: unknown = JSON.parse(
      await readFile(join(installed.packageDirectory, "package.json"), "utf8"),
    );
    for (const kind of ["dependencies", "peerDependencies", "optionalDependencies", "scripts"]) {
      expect(manifest).not.toHaveProperty(kind);
    }
    for (const name of ["index.mjs", "index.cjs", "index.d.mts", "index.d.cts"]) {
      const code = (await dist(name)).replaceAll(/\/\*.*?\*\/|\/\/.*?$/gms, "");
      expect(code).not.toMatch(/\bimport\b|\brequire\b|\bfrom\s*["']/);
    }
  });

  it("needs nothing of Node: it runs where there is only what Workers and browsers have", async () => {
    const server = await startScriptedServer();
    const empty = { data: [], pagination: { count: 0, limit: 25, next_cursor: null } };
    server.script(reply(503, {}, { "retry-after": "0" }), reply(200, empty));
    const exported: Record<string, unknown> = {};
    // A context of its own has the language and what it is given; this is all that the package asks for.
    const web = { AbortController, clearTimeout, fetch, Headers, setTimeout, URL, URLSearchParams };
    const context = createContext({ ...web, exports: exported, baseUrl: server.url });
    runInContext(await dist("index.cjs"), context);
    const page: unknown = await runInContext(
      'exports.createCrmClient({ baseUrl, apiKey: "k" }).customer.deals.list()',
      context,
    );
    server.close();
    expect(page).toEqual(empty);
    expect(server.received).toHaveLength(2);
  });
});

describe("a bundle of a program", () => {
  const bundleOf = async (code: string): Promise<string> => {
    const entry = await installed.write("entry.mjs", code);
    const [bundle] = await build({
      cwd: installed.directory,
      config: false,
      entry: [entry],
      write: false,
      dts: false,
      platform: "browser",
      deps: { alwaysBundle: [/.*/] },
      logLevel: "silent",
    });
    return bundle?.chunks.map((chunk) => ("code" in chunk ? chunk.code : "")).join("\n") ?? "";
  };

  it("has only the shape that is used", async () => {
    const customers = await bundleOf(
      'import { AsteriPublicApiClient } from "crm-gateway-client"; globalThis.made = new AsteriPublicApiClient({});',
    );
    expect(customers).toContain("/api/public/v1");
    expect(customers).not.toContain("/api/v1/crm");
    expect(customers).not.toContain("exactNumbers");
    const crm = await bundleOf(
      'import { createCrmClient } from "crm-gateway-client"; globalThis.made = createCrmClient({});',
    );
    expect(crm).toContain("/api/v1/crm");
    expect(crm).not.toContain("/api/public/v1");
  });

  it("has nothing of what is imported and not used", async () => {
    const code = await bundleOf('import "crm-gateway-client"; globalThis.made = 1;');
    expect(code.replaceAll(/\s*\/\/.*$/gm, "").trim()).toBe("globalThis.made = 1;");
  });
});

describe("the types", () => {
  const read = (name: string): Promise<string> => readFile(new URL(name, import.meta.url), "utf8");
  const wrong = "wrong.mts";
  /** What the compiler says of each program. */
  let told: Map<string, string>;
  /** What it says besides. */
  let others: readonly string[];

  beforeAll(async () => {
    const programs = new Map([[wrong, "export const wrong: string = 1;"]]);
    for (const name of ["esm.mts", "cjs.cts"]) programs.set(name, await read("types-sample.txt"));
    for (const name of ["create", "list", "get"]) {
      const text = await read(`snippets/customers-${name}.txt`);
      programs.set(`customers-${name}.mts`, `${declared}\n${text}\nexport { response };`);
    }
    for (const name of ["accounts", "contacts", "deals", "quotes", "lineItems"]) {
      const text = await read(`snippets/crm-${name}.txt`);
      programs.set(`crm-${name}.mts`, `${declared}\n${crmClient}\n${text}\nexport {};`);
    }
    const readme = await read("../../client/README.md");
    const blocks = [...readme.matchAll(/^```js\n(.*?)^```/gms)].map(([, block = ""]) => block);
    for (const [index, block] of blocks.entries()) {
      programs.set(`readme-${index + 1}.mts`, `${declared}\n${given}\n${block}\nexport {};`);
    }
    for (const [name, program] of programs) await installed.write(name, program);
    const files = [...programs.keys()];
    await installed.write("tsconfig.json", JSON.stringify({ ...strictly, files }));
    const output = await run(join(bin, "tsc"), ["--pretty", "false", "-p", installed.directory], {
      cwd: installed.directory,
    }).then(
      ({ stdout }) => stdout,
      (error: unknown) => String(at(error, "stdout")),
    );
    // A message begins with its file; what it says further is indented.
    const messages = output.split(/\n(?=\S)/);
    others = messages.filter((text) => !files.some((name) => text.startsWith(`${name}(`)));
    told = new Map(
      files.map((name) => [name, messages.filter((text) => text.startsWith(`${name}(`)).join("")]),
    );
  });

  it("are looked at, and nothing else is wrong", () => {
    expect(told.get(wrong)).toContain("TS2322");
    expect(others).toEqual([]);
  });

  it.each(["esm.mts", "cjs.cts"])("hold in a program that imports them as %s", (name) => {
    expect(told.get(name)).toBe("");
  });

  it.each(["create", "list", "get"])("take the customers document's snippet: %s", (name) => {
    expect(told.get(`customers-${name}.mts`)).toBe("");
  });

  it("take the CRM document's snippets, and say which of them lack a field", () => {
    const complaints = (name: string): string[] =>
      [...(told.get(`crm-${name}.mts`) ?? "").matchAll(/Property '(\w+)' is missing/g)].map(
        ([, field = ""]) => field,
      );
    expect(complaints("accounts")).toEqual([]);
    expect(complaints("contacts")).toEqual([]);
    expect(complaints("deals")).toEqual(["account_id"]);
    expect(complaints("quotes")).toEqual(["account_id"]);
    expect(complaints("lineItems")).toEqual(["quote_id"]);
  });

  it("take what the README shows", () => {
    for (const name of ["readme-1.mts", "readme-2.mts"]) expect(told.get(name), name).toBe("");
    expect(told.has("readme-3.mts")).toBe(false);
  });
});

const given =
  "declare const baseUrl: string, apiKey: string, organizationId: string, customerId: string;";
const declared = "declare const process: { readonly env: Readonly<Record<string, string>> };";
const crmClient = `import { createCrmClient } from "crm-gateway-client";
const client = createCrmClient({ baseUrl: "https://crm.example", apiKey: "k" });`;

const strictly = {
  compilerOptions: {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    // The package's declarations are read as well, with the libraries that browsers and Node have.
    skipLibCheck: false,
    module: "nodenext",
    target: "es2022",
    lib: ["es2022", "dom"],
    types: [],
    noEmit: true,
  },
};
