import type { IncomingHttpHeaders } from "node:http";
import type { FencedPool } from "../db/fenced-pool.ts";
import { asOwnWork } from "../db/work.ts";
import { GatewayError } from "../lib/errors.ts";
import { headerOf } from "../lib/headers.ts";
import { readId } from "../lib/id.ts";
import type { Actor } from "./actor.ts";
import { FreshCache } from "./fresh-cache.ts";

const departmentAge = 5_000;
const maxDepartments = 10_000;

/** Holds `X-Organization-Id` and `X-Department-Id`, where they are sent, against what the credential opens. */
export class Places {
  readonly #departments: FreshCache<{ readonly id: string }>;

  constructor({ pool }: { pool: FencedPool }) {
    this.#departments = new FreshCache({
      max: maxDepartments,
      maxAge: departmentAge,
      load: async (place) => {
        const [tenantId = "", departmentId = ""] = place.split("/");
        const rows = await asOwnWork(() =>
          pool
            .forTenant(tenantId)
            .rows("SELECT id FROM departments WHERE tenant_id = $1 AND id = $2", [
              tenantId,
              departmentId,
            ]),
        );
        return rows.length === 0 ? null : { id: departmentId };
      },
    });
  }

  /**
   * The actor, in the department that the request names.
   *
   * @throws GatewayError FORBIDDEN, the same for what belongs to somebody else, does not exist or is no id.
   */
  async agree(actor: Actor, headers: IncomingHttpHeaders): Promise<Actor> {
    const organization = headerOf(headers, "x-organization-id");
    if (organization !== null && readId("ten", organization) !== actor.tenantId) {
      throw disagreement("X-Organization-Id", "organization");
    }
    const named = headerOf(headers, "x-department-id");
    if (named === null) return actor;
    const departmentId = readId("dep", named);
    if (departmentId === null || !(await this.#isOpen(actor, departmentId))) {
      throw disagreement("X-Department-Id", "department");
    }
    return { ...actor, departmentId };
  }

  async #isOpen(actor: Actor, departmentId: string): Promise<boolean> {
    if (actor.departmentId !== null) return actor.departmentId === departmentId;
    return (await this.#departments.get(`${actor.tenantId}/${departmentId}`)) !== null;
  }
}

function disagreement(header: string, place: "organization" | "department"): GatewayError {
  return new GatewayError({
    code: "FORBIDDEN",
    complaint: { complaint: "otherPlace", header, place },
  });
}
