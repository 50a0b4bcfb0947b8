/** Texts of the question before the window goes. */
export const leaving = {
  title: "Quit Tandem?",
  staged_one:
    "<1>{{count, number}} decision</1> is kept and not written to the systems yet; it can still be taken back with {{keys}}.",
  staged_other:
    "<1>{{count, number}} decisions</1> are kept and not written to the systems yet; they can still be taken back with {{keys}}.",
  unsaved_one:
    "Your choices for <1>{{count, number}} conflict</1> are not resolved. Quitting loses them.",
  unsaved_other:
    "Your choices for <1>{{count, number}} conflicts</1> are not resolved. Quitting loses them.",
  later: "If you quit now, the next start of Tandem writes what is kept.",
  stay: "Keep working",
  whenWritten: "Write, then quit",
  now: "Quit now",
  lose: "Lose them and quit",
  waiting: "Writing what is kept; then Tandem quits.",
  failed: "quit",
} as const;
