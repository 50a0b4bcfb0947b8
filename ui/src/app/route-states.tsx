import type { ErrorComponentProps } from "@tanstack/react-router";
import { Empty, ErrorState } from "@/components/states";
import { asCommandError } from "@/ipc";

/** What a screen shows when it could not even start. */
export function RouteError({ error, reset }: ErrorComponentProps) {
  return (
    <main className="p-4">
      <h1 className="sr-only">Tandem</h1>
      <ErrorState inset doing="open this screen" error={asCommandError(error)} onRetry={reset} />
    </main>
  );
}

export function NotFound() {
  return (
    <Empty
      kind="none match"
      title="There is no such screen"
      action={
        <a href="#/" className="underline">
          Go to the overview
        </a>
      }
    />
  );
}
