import { CircleAlert, TriangleAlert } from "lucide-react";
import { type ReactNode, useMemo, useRef } from "react";
import { t } from "@/text";
import { Button } from "./button";
import { TextEditor, type TextEditorHandle } from "./text-editor";

export interface TextProblem {
  line: number | null;
  column: number | null;
  path: string;
  what: string;
  why: string;
  fix: string;
}

interface Props {
  /** What is edited, for the text's name. */
  what: string;
  form: ReactNode;
  text: string;
  onType(text: string): void;
  problems: readonly TextProblem[];
  warnings: readonly string[];
}

/** A form, and beside it the text it stands for, with everything that is wrong under it. */
export function SideBySide({ what, form, text, onType, problems, warnings }: Props) {
  const editor = useRef<TextEditorHandle>(null);
  const marks = useMemo(
    () =>
      problems.map(({ line, column, what, why, fix }) => ({
        line,
        column,
        message: [what, why, fix].filter(Boolean).join("\n"),
      })),
    [problems],
  );
  return (
    <div className="grid min-h-0 flex-1 grid-cols-1 grid-rows-[minmax(0,3fr)_minmax(0,2fr)] min-[1100px]:grid-cols-[minmax(0,3fr)_minmax(0,2fr)] min-[1100px]:grid-rows-1">
      <div className="flex min-h-0 flex-col">{form}</div>
      <section
        aria-label={t("components.textOf", { what })}
        className="flex min-h-0 flex-col border-line max-[1100px]:border-t min-[1100px]:border-l"
      >
        <div className="min-h-0 flex-1">
          <TextEditor
            ref={editor}
            label={t("components.textOf", { what })}
            text={text}
            marks={marks}
            onType={onType}
          />
        </div>
        <Findings
          problems={problems}
          warnings={warnings}
          onGo={(line, column) => editor.current?.goTo(line, column)}
        />
      </section>
    </div>
  );
}

interface FindingsProps {
  problems: readonly TextProblem[];
  warnings: readonly string[];
  onGo(line: number, column: number | null): void;
}

function Findings({ problems, warnings, onGo }: FindingsProps) {
  const said = [
    problems.length === 0
      ? t("components.noProblem")
      : t("components.problems", { count: problems.length }),
    ...(warnings.length > 0 ? [t("components.warnings", { count: warnings.length })] : []),
  ];
  return (
    <div className="flex max-h-[40%] shrink-0 flex-col border-t border-line">
      <p role="status" className="px-3 py-2 font-medium">
        {said.join(", ")}
      </p>
      {problems.length + warnings.length > 0 ? (
        <section
          aria-label={t("components.findings")}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
          tabIndex={0}
          className="overflow-auto px-3 pb-2"
        >
          <ul className="flex flex-col gap-2">
            {problems.map((problem) => (
              <li key={`${problem.line}:${problem.path}:${problem.what}`} className="flex gap-2">
                <CircleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-failed" />
                <div className="min-w-0 flex-1 wrap-anywhere">
                  <p className="font-medium">{problem.what}</p>
                  {problem.path ? (
                    <p className="font-mono text-mono text-muted">{problem.path}</p>
                  ) : null}
                  {problem.why ? <p>{problem.why}</p> : null}
                  <p>{problem.fix}</p>
                </div>
                {problem.line === null ? null : (
                  <Button look="quiet" onClick={() => onGo(problem.line ?? 1, problem.column)}>
                    {t("components.toLine", { line: problem.line })}
                  </Button>
                )}
              </li>
            ))}
            {warnings.map((warning) => (
              <li key={warning} className="flex gap-2">
                <TriangleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-partial" />
                <p className="min-w-0 wrap-anywhere">{warning}</p>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
    </div>
  );
}
