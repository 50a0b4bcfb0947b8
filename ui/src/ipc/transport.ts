import type { LeaveQuestion, WireError, WireEvent } from "./generated/types";

/** One way of reaching the backend. There are two real ones; tests bring a third. */
export interface Transport {
  /** Sends one command. Rejects with a `CommandError`. */
  call(command: string, args: unknown): Promise<unknown>;
  /** Streams events until the returned function is called. */
  listen(handlers: EventHandlers): () => void;
  /** In a window: tells when somebody wants to leave it, until the returned function is called. */
  listenToLeaving?(onAsked: (question: LeaveQuestion) => void): () => void;
}

export interface EventHandlers {
  onEvent(event: WireEvent): void;
  /** True while events arrive; false while the stream is broken and being re-opened. */
  onLive(live: boolean): void;
}

/** A refusal from the backend, with its code, cause and remedy. */
export class CommandError extends Error implements WireError {
  readonly code: string;
  override readonly cause: string | null;
  readonly fix: string | null;

  constructor(error: WireError) {
    super(error.message);
    this.name = "CommandError";
    this.code = error.code;
    this.cause = error.cause ?? null;
    this.fix = error.fix ?? null;
  }
}

/** Turns whatever a transport threw into a `CommandError`, so that screens show one shape. */
export function asCommandError(thrown: unknown): CommandError {
  if (thrown instanceof CommandError) return thrown;
  if (isWireError(thrown)) return new CommandError(thrown);
  return new CommandError({
    code: "unexpected",
    message: "The request failed in a way the panel does not know.",
    cause: thrown instanceof Error ? thrown.message : String(thrown),
    fix: "Try again. If it keeps failing, copy the diagnostics and report them.",
  });
}

export function isWireError(value: unknown): value is WireError {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as WireError).code === "string" &&
    typeof (value as WireError).message === "string"
  );
}
