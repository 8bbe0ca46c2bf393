import { expect, vi } from "vitest";
import { patience } from "../database/waiting.ts";
import type { TestGateway } from "./gateway.ts";

type Measured = Pick<TestGateway, "metricsUrl">;

/** All series of a gateway with a `METRICS_PORT`, by name and labels as they are printed. */
export async function metricsOf({ metricsUrl }: Measured): Promise<ReadonlyMap<string, number>> {
  const body = await (await fetch(metricsUrl ?? "")).text();
  const samples = body.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    samples.map((line): [string, number] => {
      const end = line.lastIndexOf(" ");
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}

/** One of them, such as `crm_streams`; not a number if there is none. */
export const metricOf = async (measured: Measured, series: string): Promise<number> =>
  (await metricsOf(measured)).get(series) ?? Number.NaN;

/** Gives back once no request is worked on, also none whose client has gone. */
export const untilFree = (measured: Measured): Promise<void> =>
  vi.waitFor(
    async () => expect(await metricOf(measured, 'crm_requests_in_flight{state="taken"}')).toBe(0),
    patience,
  );
