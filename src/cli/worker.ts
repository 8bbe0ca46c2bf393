import { z } from "zod";
import type { Peers } from "../gate/peers.ts";
import { Channel } from "../lib/channel.ts";
import type { Prepared, Served } from "./serve-gateway.ts";

const preparedSchema = z.object({
  url: z.string(),
  demo: z.array(z.object({ slug: z.string(), id: z.string(), apiKey: z.string() })).nullable(),
  port: z.number(),
  metricsPort: z.number().nullable(),
});
const callerSchema = z.object({ tenantId: z.string(), id: z.string() });
const grantSchema = z.object({
  granted: z.number(),
  left: z.number(),
  minute: z.string(),
  milliseconds: z.number(),
});

/** A worker's side of the channel to its primary. */
export function connectToPrimary(): {
  readonly peers: Peers;
  /** The primary's preparations. */
  readonly start: () => Promise<Prepared>;
  readonly ready: (served: Served) => Promise<void>;
} {
  let own: Parameters<Peers["serve"]>[0] | null = null;
  const channel = new Channel(
    {
      send: (message, failed) => void process.send?.(message, failed),
      listen: (receive) => void process.on("message", receive),
    },
    {
      forgetKey: (id) => own?.forgetKey(String(id)),
      noteWrite: (caller) => own?.noteWrite(callerSchema.parse(caller)),
      metrics: () => own?.metrics() ?? [],
    },
  );
  return {
    start: async () => preparedSchema.parse(await channel.ask("start")),
    ready: async (served) => void (await channel.ask("ready", served)),
    peers: {
      counters: {
        // A primary that hangs counts nothing: the worker goes on with what it knows.
        grant: async (...asked) =>
          grantSchema.nullable().parse(await channel.ask("grant", ...asked).catch(() => null)),
        takeBack: async (...given) => void (await channel.ask("takeBack", ...given)),
      },
      forgetKey: async (id) => void (await channel.ask("forgetKey", id)),
      noteWrite: async ({ tenantId, id }) =>
        void (await channel.ask("noteWrite", { tenantId, id })),
      printMetrics: async () => String(await channel.ask("metrics")),
      serve: (given) => {
        own = given;
      },
    },
  };
}
