import { existsSync } from "node:fs";
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
} from "playwright-core";

const places = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
const advice = "`apt-get install -y chromium`, or set CHROMIUM to the path of one";

/**
 * Where Chromium is. Null, with a line that says so, where there is none and nobody insists: Node and npm are all
 * that the tests need. BROWSER_TESTS=required (.ci/run sets it) makes that an error.
 */
export function findChromium(): string | null {
  const { CHROMIUM, BROWSER_TESTS } = process.env;
  if (CHROMIUM !== undefined && CHROMIUM !== "") {
    if (existsSync(CHROMIUM)) return CHROMIUM;
    throw new Error(`CHROMIUM is ${CHROMIUM}, where there is no file: ${advice}`);
  }
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return found;
  if (BROWSER_TESTS === "required") {
    throw new Error(`BROWSER_TESTS=required and there is no Chromium: ${advice}`);
  }
  console.warn(`Left out the tests in a browser, as there is no Chromium: ${advice}`);
  return null;
}

/** For machines that are busy: what never comes still fails. */
const patience = 100_000;

/** A browser for which no name but `crm.example` resolves, and that to this machine. */
export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    timeout: patience,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--host-resolver-rules=MAP crm.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ],
  });
}

/** A fresh profile, whose pages wait as long as a busy machine may take. */
export async function openProfile(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<BrowserContext> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(patience);
  return context;
}
