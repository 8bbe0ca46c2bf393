import type { Picklist, PicklistValue } from "../../model/picklist.ts";

/** The usual stages of an open deal, in their order. */
export const openStages = ["lead", "qualified", "proposal", "negotiation"] as const;
/** The stages in which a deal is closed with every tenant: a check and the seeds rely on it. */
const closedKinds = { closed_won: "won", closed_lost: "lost" } as const;

export type UsualStage = (typeof openStages)[number] | keyof typeof closedKinds;

/** Whether a deal in a usual stage has ended. */
export const isClosed = (stage: UsualStage): boolean => Object.hasOwn(closedKinds, stage);

/** `closed_won` is shown as `Closed won`. */
const labelOf = (stage: string): string =>
  `${stage.charAt(0).toUpperCase()}${stage.slice(1).replaceAll("_", " ")}`;

/** The stages of deals, in their order. Others are allowed where the tenant's list is not strict; they are open. */
export const dealStages: Picklist = {
  name: "dealStages",
  values: [
    ...openStages.map((value): PicklistValue => ({ value, label: labelOf(value), kind: "open" })),
    ...Object.entries(closedKinds).map(([value, kind]): PicklistValue => ({
      value,
      label: labelOf(value),
      kind,
    })),
  ],
  fixedKinds: closedKinds,
};
