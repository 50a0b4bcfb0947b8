/** Texts of conflicts. */
export const conflicts = {} as const;
