import { randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { StartupError } from "../lib/startup-error.ts";
import { makeDataDir } from "../db/embedded-location.ts";

const demoTenantSchema = z.object({ slug: z.string(), id: z.string(), apiKey: z.string() });
const demoFileSchema = z.object({ url: z.string(), tenants: z.array(demoTenantSchema) });

/** A demo tenant and the key that opens it. */
export type DemoTenant = z.infer<typeof demoTenantSchema>;
/** DATA_DIR/demo.json: how programs on this machine find the demo. */
type DemoFile = z.infer<typeof demoFileSchema>;

/** The file of the last start; null when it is gone, or (told) when it holds something else. */
export async function readDemoFile(
  dataDir: string,
  log: (line: string) => void,
): Promise<DemoFile | null> {
  const path = pathOf(dataDir);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    // Going on would give every tenant a new key, and leave the old ones working unseen.
    throw new StartupError(
      `${path} cannot be read (${error.code}): give it to this user, or delete it`,
    );
  });
  if (text === null) return null;
  try {
    return demoFileSchema.parse(JSON.parse(text));
  } catch {
    log(
      `${path} is not what it was, so the demo gets new keys; \`crm keys list\` shows the old ones`,
    );
    return null;
  }
}

/** Writes the file whole or not at all, readable by its owner only. */
export async function writeDemoFile(dataDir: string, content: DemoFile): Promise<void> {
  await makeDataDir(dataDir);
  const draft = `${pathOf(dataDir)}.${randomBytes(4).toString("hex")}`;
  await writeFile(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, pathOf(dataDir));
}

function pathOf(dataDir: string): string {
  return join(dataDir, "demo.json");
}
