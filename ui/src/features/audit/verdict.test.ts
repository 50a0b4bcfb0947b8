import { describe, expect, it } from "vitest";
import type { AuditVerdict } from "@/ipc";
import { faultText, wholeText } from "./verdict";

const WHOLE: AuditVerdict = {
  intact: true,
  first_bad: null,
  fault: null,
  sealed_since: "0",
  anchored_to: "12",
};

describe("what checking the audit log found", () => {
  it.each([
    [WHOLE, /as it was written/],
    [{ ...WHOLE, sealed_since: "7" }, /those after 7/],
    [{ ...WHOLE, sealed_since: null, anchored_to: null }, /Nothing is known .* outside/],
  ])("a whole log is trusted as far as it is sealed", (verdict, words) => {
    expect(wholeText(verdict)).toMatch(words);
  });

  it.each([
    ["changed", /Entry 5 was changed/],
    ["missing", /from 5 on are missing.*--accept/],
    ["unsealed", /Entry 5 does not bear.*--accept/],
    ["replaced", /up to entry 5.*--accept/],
  ] as const)("a log that is %s says where and what to do", (fault, words) => {
    expect(faultText({ ...WHOLE, intact: false, first_bad: "5", fault })).toMatch(words);
  });
});
