// CPU and memory of processes, from Linux's /proc; null on other systems.
import { execFile } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import { promisify } from "node:util";

/** Milliseconds of a tick of /proc: 10 on all usual kernels. */
async function tickMilliseconds(): Promise<number> {
  const { stdout } = await promisify(execFile)("getconf", ["CLK_TCK"]);
  return 1_000 / Number(stdout);
}

const tick = process.platform === "linux" ? await tickMilliseconds().catch(() => 10) : null;

type Times = { readonly parent: number; readonly own: number; readonly ended: number };

async function timesOf(pid: string): Promise<Times | null> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  if (text === null) return null;
  // The name in parentheses may have spaces.
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const [parent = 0, user = 0, system = 0, endedUser = 0, endedSystem = 0] = [
    1, 11, 12, 13, 14,
  ].map((index) => fields[index]);
  return { parent, own: user + system, ended: endedUser + endedSystem };
}

/** Milliseconds of CPU of a process and its children, including children that have ended. */
export async function cpuOf(pid: number): Promise<number | null> {
  if (tick === null) return null;
  let ticks = 0;
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const times = await timesOf(name);
    if (times === null) continue;
    if (Number(name) === pid) ticks += times.own + times.ended;
    else if (times.parent === pid) ticks += times.own;
  }
  return ticks * tick;
}

/** Bytes of a process's resident memory, now and at its peak. */
export async function memoryOf(pid: number): Promise<{ now: number; most: number } | null> {
  const text = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kilobytes = (key: string): number | null => {
    const found = new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(text)?.[1];
    return found === undefined ? null : Number(found);
  };
  const [now, most] = [kilobytes("VmRSS"), kilobytes("VmHWM")];
  return now === null || most === null ? null : { now: now * 1_024, most: most * 1_024 };
}

/** The parent of a process: PostgreSQL's server, for a process that serves a connection. */
export async function parentOf(pid: number): Promise<number | null> {
  return (await timesOf(String(pid)))?.parent ?? null;
}
