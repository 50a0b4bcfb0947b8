/** Texts of the shell: regions, palette, keys, status bar. */
export const app = {} as const;
