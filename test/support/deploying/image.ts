import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { readDockerfile, root } from "./dockerfile.ts";

const run = promisify(execFile);
const words = z.array(z.string());

/** An image's file system in a folder, and how Docker would start it. */
export type Image = {
  readonly folder: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthCheck: readonly string[];
};

/** A RUN that needs the base image's users; here the folder is the caller's. */
const makesDataDir = "mkdir /data && chown node:node /data";

/**
 * Does by hand what `docker build` does with the Dockerfile, with the Node that runs this: each stage is a folder below
 * `target`. A step that it does not know is an error.
 */
export async function buildImage(target: string): Promise<Image> {
  const stages = new Map<string, string>();
  let image: Image | null = null;
  for (const { keyword, rest } of readDockerfile()) {
    if (keyword === "FROM") {
      const name = / AS (\w+)$/.exec(rest)?.[1] ?? "final";
      const folder = join(target, name);
      stages.set(name, folder);
      mkdirSync(folder, { recursive: true });
      const nothing = { entrypoint: [], command: [], healthCheck: [] };
      image = { folder, workdir: "/", env: {}, ...nothing };
    } else if (image !== null) image = await step(image, stages, keyword, rest);
  }
  if (image === null) throw new Error("the Dockerfile has no FROM");
  // Nobody may write in it, whatever account runs it.
  await run("chmod", ["-R", "a-w,a+rX", image.folder]);
  await chmod(target, 0o755);
  return image;
}

async function step(
  image: Image,
  stages: ReadonlyMap<string, string>,
  keyword: string,
  rest: string,
): Promise<Image> {
  const cwd = join(image.folder, image.workdir);
  switch (keyword) {
    case "WORKDIR":
      mkdirSync(join(image.folder, rest), { recursive: true });
      return { ...image, workdir: rest };
    case "ENV": {
      const pairs = rest.split(" ").map((pair) => pair.split("="));
      return { ...image, env: { ...image.env, ...Object.fromEntries(pairs) } };
    }
    case "COPY": {
      const from = /^--from=(\w+) /.exec(rest);
      const source = from === null ? root : stages.get(from[1] ?? "");
      const paths = rest.slice(from?.[0].length ?? 0).split(" ");
      const to = paths.pop();
      if (source === undefined || to === undefined) throw new Error(`COPY ${rest}`);
      for (const path of paths) copy(join(source, path), join(cwd, to));
      return image;
    }
    case "RUN":
      if (rest === makesDataDir) return image;
      if (!/^(npm ci|node) /.test(rest)) throw new Error(`not known here: RUN ${rest}`);
      await run("sh", ["-c", rest], {
        cwd,
        env: { ...process.env, npm_config_prefer_offline: "true" },
      });
      return image;
    case "HEALTHCHECK":
      return { ...image, healthCheck: words.parse(JSON.parse(rest.slice(rest.indexOf("[")))) };
    case "ENTRYPOINT":
      return { ...image, entrypoint: words.parse(JSON.parse(rest)) };
    case "CMD":
      return { ...image, command: words.parse(JSON.parse(rest)) };
    case "USER":
      if (rest === "root" || rest === "0") throw new Error("the image runs as root");
      return image;
    case "EXPOSE":
      return image;
    default:
      throw new Error(`not known here: ${keyword} ${rest}`);
  }
}

/** Copies as Docker does: what a folder has goes into the target. .dockerignore keeps generated files out. */
function copy(from: string, to: string): void {
  const isFolder = statSync(from).isDirectory();
  cpSync(from, isFolder || !to.endsWith("/") ? to : join(to, from.split("/").at(-1) ?? ""), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !path.startsWith(join(root, "src/db/generated")),
  });
}

/** Bytes of the files below a folder. */
export function bytesIn(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
  }
  return bytes;
}

/** Any user but root: nobody's number on most systems. Ourselves, unless we are root. */
const nobody = 65_534;

/**
 * Starts a program of the image as `docker run --read-only` would: as an unprivileged user, with the image's environment.
 * Root mounts everything but `dataDir` read-only for it; for others, the image's files are closed to writing.
 */
export function spawnInImage(
  image: Image,
  program: readonly string[],
  options: { readonly dataDir: string; readonly env: Readonly<Record<string, string>> },
): ChildProcess {
  const [name, ...rest] = program;
  // `node` is the one that runs this.
  const argv = [name === "node" ? process.execPath : (name ?? ""), ...rest];
  const settings = {
    cwd: join(image.folder, image.workdir),
    env: { PATH: "/usr/bin:/bin", ...image.env, DATA_DIR: options.dataDir, ...options.env },
  };
  if (process.getuid?.() !== 0) return spawn(argv[0] ?? "", argv.slice(1), settings);
  const mounts =
    'mount --bind "$1" "$1" && mount -o remount,bind,ro / && shift && cd "$PWD" && ' +
    `exec setpriv --reuid=${nobody} --regid=${nobody} --clear-groups --no-new-privs "$@"`;
  return spawn(
    "unshare",
    ["--mount", "sh", "-c", mounts, "sh", options.dataDir, ...argv],
    settings,
  );
}

/** Runs one to its end. */
export async function runInImage(
  ...parameters: Parameters<typeof spawnInImage>
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawnInImage(...parameters);
  let output = "";
  child.stdout?.on("data", (chunk) => (output += String(chunk)));
  child.stderr?.on("data", (chunk) => (output += String(chunk)));
  await once(child, "close");
  return { code: child.exitCode, output };
}
