// Writes src/db/generated from schema.prisma. Plain JavaScript, so that npm's postinstall can run
// it on whatever Node is installed; it then uses the project's own Node.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const modules = join(root, "node_modules");
const generated = join(root, "src/db/generated");
const stamp = join(generated, "stamp");
const prisma = join(modules, "prisma/build/index.js");
const schema = join(root, "prisma/schema.prisma");

if (!existsSync(prisma) || !existsSync(schema)) {
  // An install without devDependencies brings its generated files along.
  if (existsSync(stamp)) process.exit(0);
  fail("the prisma package is missing: install with devDependencies");
}

const generator = join(root, "prisma/datamodel-generator.mjs");
const inputs = [schema, import.meta.filename, generator, join(modules, ".package-lock.json")];
const hash = createHash("sha256");
for (const input of inputs) if (existsSync(input)) hash.update(readFileSync(input));
const fingerprint = hash.digest("hex");
const fresh = existsSync(stamp) && readFileSync(stamp, "utf8") === fingerprint;
if (fresh && !process.argv.includes("--force")) process.exit(0);

rmSync(generated, { recursive: true, force: true });
const node = join(modules, "node/bin/node");
const { status, error, stdout, stderr } = spawnSync(
  existsSync(node) ? node : process.execPath,
  [prisma, "generate", "--no-hints"],
  {
    cwd: root,
    encoding: "utf8",
    env: {
      ...process.env,
      // Prisma would download a schema engine that generating does not use; any file will do.
      PRISMA_SCHEMA_ENGINE_BINARY: process.env.PRISMA_SCHEMA_ENGINE_BINARY ?? prisma,
      PRISMA_HIDE_UPDATE_MESSAGE: "1",
      CHECKPOINT_DISABLE: "1",
      NO_COLOR: "1",
      PATH: join(modules, ".bin") + delimiter + process.env.PATH,
    },
  },
);
if (error !== undefined || status !== 0) {
  const lines = `${stderr ?? ""}\n${stdout ?? ""}`.split("\n").map((line) => line.trim());
  const told = lines.filter((line) => line !== "" && !/^(Loaded|Prisma schema loaded)/.test(line));
  fail(error?.message ?? told.slice(0, 6).join(" "));
}
mkdirSync(generated, { recursive: true });
writeFileSync(stamp, fingerprint);

function fail(reason) {
  console.error(`prisma generate: ${reason}`);
  process.exit(1);
}
