import { expect, vi } from "vitest";
import type { TestGateway } from "../gateway/gateway.ts";

/** Gives back once a statement of the gateway waits for a lock that the test holds. */
export async function untilOneWaits({ fixtures }: TestGateway): Promise<void> {
  await vi.waitFor(
    async () => {
      const { rows } = await fixtures.client.query(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      );
      expect(rows).toHaveLength(1);
    },
    { timeout: 10_000, interval: 10 },
  );
}
