import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { validate } from "dockerfile-utils";
import { expect, it } from "vitest";
import { variableNames } from "../../src/config.ts";
import { readServices } from "../support/deploying/compose.ts";
import { readDockerfile, root } from "../support/deploying/dockerfile.ts";

const read = (file: string): string => readFileSync(join(root, file), "utf8");
const manifest: {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
} = JSON.parse(read("package.json"));

it("the Dockerfile is valid, runs as a user, on the Node of package.json", () => {
  expect(validate(read("Dockerfile"))).toEqual([]);
  const instructions = readDockerfile();
  const bases = instructions.filter(({ keyword }) => keyword === "FROM").map(({ rest }) => rest);
  for (const base of bases) expect(base).toContain(`node:${manifest.devDependencies["node"]}-`);
  expect(instructions).toContainEqual({ keyword: "USER", rest: "node" });
});

it("compose.yaml is valid, and the gateway waits for the migrations", async () => {
  // The order of keys is ours, the quotes are the formatter's.
  const rules = ["services-alphabetical-order", "service-keys-order", "require-quotes-in-ports"];
  const linter = join(root, "node_modules/dclint/bin/dclint.cjs");
  const flags = rules.flatMap((rule) => ["--disable-rule", rule]);
  await promisify(execFile)(
    process.execPath,
    [linter, ...flags, "--max-warnings", "0", "compose.yaml"],
    {
      cwd: root,
    },
  );
  const { postgres, migrate, gateway } = readServices();
  expect(migrate.depends_on).toEqual({ postgres: { condition: "service_healthy" } });
  expect(gateway.depends_on).toEqual({ migrate: { condition: "service_completed_successfully" } });
  expect([migrate.read_only, gateway.read_only]).toEqual([true, true]);
  expect(gateway.environment["DATABASE_URL"]).toContain(
    `:${postgres.environment["POSTGRES_PASSWORD"]}@`,
  );
  for (const name of Object.keys(gateway.environment)) expect(variableNames).toContain(name);
});

it("the gateway imports nothing but its dependencies", () => {
  const allowed = new Set([...Object.keys(manifest.dependencies), ...builtinModules]);
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  const strangers = files
    .filter((file) => /\.(?:ts|mjs)$/.test(file) && !file.endsWith(".d.ts"))
    // It prints a program for others to run, which imports what they install.
    .filter((file) => file !== join("cli", "codegen-config.ts"))
    .flatMap((file) =>
      [
        ...read(`src/${file}`).matchAll(
          /^(?:import (?!type)|export )[^;]*?from "([^".][^"]*)"|import\("([^".][^"]*)"\)/gm,
        ),
      ].map(([, from, imported]) => (from ?? imported ?? "").replace(/^node:/, "")),
    )
    .map((name) => /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name)
    .filter((name) => !allowed.has(name));
  expect(strangers).toEqual([]);
});

it("operating.md's table has every variable, and no other", () => {
  const table = /^\| variable \|.*?\n\n/ms.exec(read("docs/operating.md"))?.[0] ?? "";
  const told = table
    .split("\n")
    .flatMap((line) => [...(/^\| ([^|]+) \|/.exec(line)?.[1] ?? "").matchAll(/`([^`]+)`/g)])
    .map(([, name = ""]) => name);
  const groups = told.filter((name) => name.includes("…")).map((name) => name.replace("…", ""));
  const covers = (name: string): boolean =>
    told.includes(name) ||
    groups.some((part) => (part.endsWith("_") ? name.startsWith(part) : name.endsWith(part)));
  expect(variableNames.filter((name) => !covers(name))).toEqual([]);
  const names = new Set(variableNames);
  expect(told.filter((name) => !name.includes("…") && !names.has(name))).toEqual([]);
});
