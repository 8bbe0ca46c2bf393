// Starts main.ts. Plain JavaScript that old versions of Node can read too: it is here to tell
// them in one line what is missing. npm puts node_modules/.bin first, so this is Node 24 unless
// the `node` package could not be installed.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const major = Number(process.versions.node.split(".")[0]);

function fail(line) {
  process.stderr.write(line + "\n");
  process.exit(1);
}

if (major < 24 || !process.features.typescript) {
  fail(
    "crm-gateway needs Node 24 or newer, this is " +
      process.version +
      ": use `npm start` or `npm run crm`, which bring their own; if they do not, install scripts were " +
      "switched off: run `npm rebuild node && npm run generate`",
  );
} else if (!existsSync(fileURLToPath(new URL("./db/generated", import.meta.url)))) {
  fail("The database client is not generated yet: run `npm run generate`");
} else {
  import("./main.ts").catch((error) => {
    const missing = /^Cannot find package '([^']+)'/.exec((error && error.message) || "");
    if (missing === null) throw error;
    fail("The package " + missing[1] + " is not installed: run `npm ci`");
  });
}
