/** Texts of overview. */
export const overview = {} as const;
