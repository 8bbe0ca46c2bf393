import type { DocumentNode } from "graphql";
import type { Actor } from "../../auth/actor.ts";
import type { SubscriptionField } from "../compile/subscription.ts";
import type { OperationPlan } from "../limits/operation-plan.ts";
import type { Variables } from "../server/variables.ts";

/** A subscription of one caller that passed all checks. */
export type LiveOperation = {
  readonly actor: Actor;
  readonly document: DocumentNode;
  readonly operationName: string | null;
  /** The variables as they were sent, and as they were read. */
  readonly sent: Variables;
  readonly variables: Variables;
  readonly plan: OperationPlan;
  readonly field: SubscriptionField;
  /** The same for all operations whose events have the same text. */
  readonly sharing: string;
};

/** What callers see alike who have this in common. */
export const sightOf = ({ tenantId, appId, departmentId, scopes }: Actor): string =>
  JSON.stringify([tenantId, appId, departmentId, scopes.toSorted()]);
