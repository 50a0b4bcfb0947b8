/** Texts of components. */
export const components = {
  textEditor: "the text editor",
  textOf: "Text of {{what}}",
  findings: "Problems and warnings",
  noProblem: "No problem found",
  problems_one: "{{count, number}} problem",
  problems_other: "{{count, number}} problems",
  warnings_one: "{{count, number}} warning",
  warnings_other: "{{count, number}} warnings",
  toLine: "Line {{line, number}}",
} as const;
