/** Texts of conflicts. */
export const conflicts = {
  suggestion: "Suggestion",
  suggestionSome_one: "{{count, number}} of {{of, number}} fields",
  suggestionSome_other: "{{count, number}} of {{of, number}} fields",
  baseValue: "base value",
  evidence: "{{what}} chosen {{chosen, number}} of {{of, number}} times",
  evidenceAlike: "{{what}} chosen {{chosen, number}} of {{of, number}} times in cases like this",
  followed_one: "suggested {{count, number}} time so far, followed {{followed, number}}",
  followed_other: "suggested {{count, number}} times so far, followed {{followed, number}}",
  accept: "Accept the suggestion for {{field}}: {{evidence}}",
  acceptStrong_one: "Accept {{count, number}} clear suggestion",
  acceptStrong_other: "Accept {{count, number}} clear suggestions",
  accepted_one: "{{count, number}} suggestion accepted.",
  accepted_other: "{{count, number}} suggestions accepted.",
  noSuggestion: "Nothing is suggested for {{field}}.",
  noStrong: "No undecided field has a suggestion that is clear enough.",
} as const;
