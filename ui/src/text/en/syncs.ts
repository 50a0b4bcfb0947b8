/** Texts of syncs. */
export const syncs = {} as const;
