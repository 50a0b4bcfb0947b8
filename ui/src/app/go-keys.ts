import { hasCommand, type KeyLike } from "@/components/keys";
import { SCREENS, type Screen } from "./screens";

export type GoResult =
  | { kind: "ignore" }
  | { kind: "wait" }
  | { kind: "drop" }
  | { kind: "go"; screen: Screen };

const WAIT_MS = 1_500;

/**
 * The two-key sequences `g x`. After `g`, the next key belongs to the sequence whatever it is, so
 * that `g n` never also opens a note in the list it was typed in.
 */
export class GoKeys {
  private armedUntil = 0;

  press(event: KeyLike, now: number): GoResult {
    if (hasCommand(event) || event.altKey) return { kind: "ignore" };
    if (["Shift", "Control", "Alt", "Meta"].includes(event.key)) return { kind: "ignore" };
    if (now < this.armedUntil) {
      this.armedUntil = 0;
      const screen = SCREENS.find((each) => each.key === event.key);
      return screen ? { kind: "go", screen } : { kind: "drop" };
    }
    if (event.key !== "g") return { kind: "ignore" };
    this.armedUntil = now + WAIT_MS;
    return { kind: "wait" };
  }
}
