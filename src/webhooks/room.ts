import { addTo } from "../lib/counts.ts";

/** The most requests of a process, and of one tenant in it, beside one for each endpoint. */
const [mostInAll, mostOfTenant] = [500, 50];

/**
 * How many requests may be under way at once. Each endpoint may always have one, so that none waits for another, however
 * slow that one is. More than one of it go by what the tenant and the process have under way.
 */
export class Room {
  #all = 0;
  readonly #byTenant = new Map<string, number>();

  /** How many requests an endpoint may have that has `own` now; `most` at most. */
  mostOf(tenantId: string, own: number, most: number): number {
    const ofTenant = this.#byTenant.get(tenantId) ?? 0;
    const free = Math.min(mostInAll - this.#all, mostOfTenant - ofTenant);
    return Math.min(most, own + Math.max(0, free)) || 1;
  }

  /** A request begins, or with -1 it has ended. */
  add(tenantId: string, requests: 1 | -1): void {
    this.#all += requests;
    addTo(this.#byTenant, tenantId, requests);
  }
}
