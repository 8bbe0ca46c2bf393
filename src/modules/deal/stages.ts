/** The usual stages of an open deal, in their order. Others are allowed. */
export const openStages = ["lead", "qualified", "proposal", "negotiation"] as const;
/** The stages in which a deal is closed. */
export const closedStages = ["closed_won", "closed_lost"] as const;

export type UsualStage = (typeof openStages)[number] | (typeof closedStages)[number];

const closed: ReadonlySet<unknown> = new Set(closedStages);

/** Whether a deal in that stage is won or lost. */
export const isClosed = (stage: unknown): boolean => closed.has(stage);
