/** Has answers come as they are: compressing them, and taking that back, is a tenth of what many requests cost. */
export const plainAnswers = { "accept-encoding": "identity" } as const;
