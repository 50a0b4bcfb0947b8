/** Texts of the shell: regions, palette, keys, status bar. */
export const app = {
  palette: {
    pause: "Pause {{name}}",
    resume: "Resume {{name}}",
    paused: "{{name}} rests until it is resumed.",
    resumed: "{{name}} runs again.",
  },
} as const;
