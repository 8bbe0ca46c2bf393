// Markdown tables of the results.
import { cpus, release, totalmem } from "node:os";
import { median, range } from "../measure.ts";
import { head as headOf, megabytes, row, two, whole } from "../print.ts";
import type { SideName } from "./requests.ts";

/** One side's share of a round. */
export type Slice = {
  readonly perSecond: number;
  /** Milliseconds of CPU for a request: of the side's process, and of PostgreSQL. */
  readonly cpu: number | null;
  readonly postgresCpu: number | null;
  readonly bad: number;
};

/** A workload at a number of connections; null for a side that has nothing like it. */
export type Measured = {
  readonly workload: string;
  readonly connections: number;
  readonly slices: ReadonlyMap<SideName, readonly Slice[] | null>;
};

export type Latency = {
  readonly workload: string;
  readonly found: ReadonlyMap<
    SideName,
    { readonly rate: number; readonly p50: number; readonly p99: number } | null
  >;
};

const names: Readonly<Record<SideName, string>> = {
  floor: "floor",
  gateway: "gateway",
  postgraphile: "PostGraphile 5",
  plain: "Yoga + Pothos + Prisma",
};

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [headOf(head), ...rows.map(row)].join("\n");
}

/** The ratios of the same rounds, so that other work of the machine affects both sides. */
function ratio(
  one: readonly Slice[] | null | undefined,
  other: readonly Slice[] | null | undefined,
): string {
  if (one == null || other == null) return "–";
  const ratios = one.map(
    ({ perSecond }, index) => perSecond / (other[index]?.perSecond ?? Number.NaN),
  );
  return range(ratios);
}

/** Requests a second, then the gateway's share of each other side's. */
export function throughputTable(measured: readonly Measured[], sides: readonly SideName[]): string {
  const others = sides.includes("gateway") ? sides.filter((side) => side !== "gateway") : [];
  const head = [
    "workload",
    ...sides.map((side) => names[side]),
    ...others.map((side) => `÷ ${names[side]}`),
  ];
  const rows = measured.map(({ workload, slices }) => [
    workload,
    ...sides.map((side) => {
      const found = slices.get(side);
      return found == null
        ? "–"
        : range(
            found.map(({ perSecond }) => perSecond),
            whole,
          );
    }),
    ...others.map((side) => ratio(slices.get("gateway"), slices.get(side))),
  ]);
  return table(head, rows);
}

/** Milliseconds of CPU for a request: the process's, then PostgreSQL's. */
export function cpuTable(measured: readonly Measured[], sides: readonly SideName[]): string {
  const medianOf = (slices: readonly Slice[], key: "cpu" | "postgresCpu"): number | null => {
    const values = slices.map((slice) => slice[key]).filter((value) => value !== null);
    return values.length === 0 ? null : median(values);
  };
  const head = ["workload", ...sides.map((side) => names[side])];
  if (sides.includes("gateway") && sides.includes("floor")) head.push("gateway ÷ floor, process");
  const rows = measured.map(({ workload, slices }) => {
    const cells = sides.map((side) => {
      const found = slices.get(side);
      if (found == null) return "–";
      const both = [medianOf(found, "cpu"), medianOf(found, "postgresCpu")];
      return both.map((value) => (value === null ? "–" : two(value))).join(" + ");
    });
    const [floor, gateway] = [slices.get("floor"), slices.get("gateway")];
    if (floor != null && gateway != null) {
      const [least, ours] = [medianOf(floor, "cpu"), medianOf(gateway, "cpu")];
      cells.push(least === null || ours === null ? "–" : two(ours / least));
    }
    return [workload, ...cells];
  });
  return table(head, rows);
}

export function latencyTable(latencies: readonly Latency[], sides: readonly SideName[]): string {
  const rows = latencies.map(({ workload, found }) => [
    workload,
    ...sides.map((side) => {
      const one = found.get(side);
      if (one == null) return "–";
      return `${one.p50.toFixed(1)} / ${one.p99.toFixed(1)} at ${whole(one.rate)}/s`;
    }),
  ]);
  return table(["workload", ...sides.map((side) => names[side])], rows);
}

export function memoryTable(
  memory: ReadonlyMap<SideName, { now: number; most: number } | null>,
): string {
  const rows = [...memory].map(([side, found]) => [
    names[side],
    ...[found?.now, found?.most].map((bytes) => (bytes === undefined ? "–" : megabytes(bytes))),
  ]);
  return table(["side", "at the end", "at most"], rows);
}

/** The date and the machine of a run. */
export function machine(): string {
  const [cpu] = cpus();
  const cores = `${cpus().length} × ${cpu?.model.trim() ?? "unknown"}`;
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`;
  return `${new Date().toISOString().slice(0, 10)}, ${cores}, ${memory}, ${process.platform} ${release()}, Node ${process.versions.node}`;
}
