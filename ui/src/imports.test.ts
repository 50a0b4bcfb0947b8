import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { expect, test } from "vitest";

const SRC = join(process.cwd(), "src");
const ALLOWED: Record<string, readonly string[]> = {
  text: ["text"],
  components: ["components", "text"],
  ipc: ["ipc"],
  features: ["components", "ipc", "text"],
  app: ["components", "ipc", "features", "text", "app"],
};

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/\.test\.tsx?$|test-/.test(path));
}

function imports(path: string): string[] {
  const text = readFileSync(path, "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?"([^"]+)"/g)].map((match) => match[1] ?? "");
}

/** ["features", "conflicts"] for a file of a feature, ["app"] for one of the app. */
function room(path: string): string[] {
  const [first = "", second = ""] = relative(SRC, path).split(sep);
  return first === "features" ? [first, second] : [first];
}

function resolve(from: string, to: string): string | null {
  if (to.startsWith("@/")) return join(SRC, to.slice(2));
  return to.startsWith(".") ? join(from, "..", to) : null;
}

const files = sources(SRC);

test("there is something to check", () => {
  expect(files.length).toBeGreaterThan(50);
});

test("rooms import only what the house allows", () => {
  const wrong = files.flatMap((file) =>
    imports(file).flatMap((to) => {
      const path = resolve(file, to);
      if (path === null) return [];
      const [from = "", feature] = room(file);
      const [target = "", other] = room(path);
      const own = from === "features" && target === "features" && feature === other;
      return own || ALLOWED[from]?.includes(target) ? [] : [`${relative(SRC, file)} → ${to}`];
    }),
  );
  expect(wrong).toEqual([]);
});

test("only ipc knows how the backend is reached", () => {
  const knowing = files.filter((file) => {
    const text = readFileSync(file, "utf8");
    return /@tauri-apps|__TAURI|\bfetch\(|EventSource|XMLHttpRequest|["`]\/api\//.test(text);
  });
  expect(knowing.filter((file) => room(file)[0] !== "ipc")).toEqual([]);
});

test("threat: record data is only ever drawn as text", () => {
  const forbidden = /dangerouslySetInnerHTML|innerHTML|insertAdjacentHTML|document\.write|eval\(/;
  expect(files.filter((file) => forbidden.test(readFileSync(file, "utf8")))).toEqual([]);
});
