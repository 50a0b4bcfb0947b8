/** Texts of history. */
export const history = {
  record: {
    title: "A record's history",
    question: "Who changed it, when, by which rule?",
    load: "load the record's history",
    it: "the record's history",
    list: "What was written to the record, newest first",
    link: "History of this record",
    field: "Field",
    allFields: "All",
    nothing: "no record",
    conflict: "A conflict waits",
    none: "Nothing was written to it",
    noneWhy:
      "Both systems held it as it is when they were first compared, or what was written is not kept any more.",
    noneOfField: "Nothing that is kept changed {{field}}",
    decidedBy: "Decided by {{actor}}",
    by: {
      manual: "Run started by {{actor}}",
      schedule: "Run on schedule",
      decision: "Run that carried out decisions, for {{actor}}",
      rollback: "Run taken back by {{actor}}",
    },
    run: "the run",
    decision: "the decision",
    erased: "What was written is erased.",
    more: "Show what is older",
    loadingMore: "Loading…",
    keptAll: "This is all: what is written is kept for good.",
    keptDays_one: "What is older than {{count, number}} day is not kept.",
    keptDays_other: "What is older than {{count, number}} days is not kept.",
  },
} as const;
