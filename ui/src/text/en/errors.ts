/** Texts of errors. */
export const errors = {} as const;
