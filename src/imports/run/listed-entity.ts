import type { FencedPool } from "../../db/fenced-pool.ts";
import { asOwnWork } from "../../db/work.ts";
import { render } from "../../lib/sql.ts";
import type { Entity } from "../../model/entity.ts";
import { listedFields } from "../../model/picklist.ts";
import { TenantFacts } from "../../write/tenant-facts.ts";

/** An entity whose fields have the lists of a tenant, so that cells may say the labels of its values. */
export async function listedEntity(
  pool: FencedPool,
  tenantId: string,
  entity: Entity,
): Promise<Entity> {
  if (listedFields(entity).length === 0) return entity;
  const facts = new TenantFacts(tenantId, (statement) => {
    const { text, values } = render(statement);
    return asOwnWork(() => pool.forTenant(tenantId).rows(text, values));
  });
  const lists = await facts.picklists(entity);
  const fields = Object.entries(entity.fields).map(([name, field]) => {
    const { picklist } = field;
    const values = lists.get(name)?.values;
    return picklist === null || values === undefined
      ? [name, field]
      : [name, { ...field, picklist: { ...picklist, values } }];
  });
  return { ...entity, fields: Object.fromEntries(fields) };
}
