import { describe, expect, test, vi } from "vitest";
import { CommandError, type EventHandlers } from "./transport";
import { adoptToken, httpTransport } from "./transport-http";

describe("the token", () => {
  const history = { replaceState: vi.fn() } as unknown as History;
  const at = (hash: string) => ({ hash, pathname: "/", search: "" }) as Location;

  test("is taken once and leaves the address, the route stays", () => {
    expect(adoptToken(at("#token=a%2Bb&/t/default/history"), history, sessionStorage)).toBe("a+b");
    expect(history.replaceState).toHaveBeenLastCalledWith(null, "", "/#/t/default/history");
    expect(adoptToken(at("#/t/default/history"), history, sessionStorage)).toBe("a+b");
  });

  test("a newer one replaces it", () => {
    adoptToken(at("#token=old"), history, sessionStorage);
    expect(adoptToken(at("#token=new"), history, sessionStorage)).toBe("new");
    expect(history.replaceState).toHaveBeenLastCalledWith(null, "", "/");
  });

  test("without one there is none", () => {
    expect(adoptToken(at("#/t/default"), history, sessionStorage)).toBeNull();
  });
});

describe("a command", () => {
  const answer = (status: number, body: string) =>
    vi.fn(async (_url: RequestInfo | URL, _init?: RequestInit) => new Response(body, { status }));

  test("is a POST with the token and the arguments as they are", async () => {
    const fetcher = answer(200, '{"ok":1}');
    const reply = await httpTransport("secret", fetcher).call("get_run", { tenant: "t", id: "1" });
    expect(reply).toEqual({ ok: 1 });
    const [url, init] = fetcher.mock.calls[0] ?? [];
    expect(url).toBe("/api/get_run");
    expect(init?.method).toBe("POST");
    expect(init?.body).toBe('{"tenant":"t","id":"1"}');
    expect(new Headers(init?.headers).get("authorization")).toBe("Bearer secret");
  });

  test.each([
    [400, '{"code":"stale","message":"m","cause":"c","fix":"f"}', "stale"],
    [401, "", "unauthorized"],
    [403, "<html>", "unauthorized"],
    [502, "<html>", "bad_answer"],
  ])("answered %s %s is refused as %s", async (status, body, code) => {
    const failure = await httpTransport(null, answer(status, body))
      .call("x", {})
      .catch((e) => e);
    expect(failure).toBeInstanceOf(CommandError);
    expect(failure).toMatchObject({ code });
  });

  test("that never arrives says so, with a remedy", async () => {
    const fetcher = vi.fn(async () => Promise.reject(new TypeError("Failed to fetch")));
    const failure = await httpTransport(null, fetcher)
      .call("x", {})
      .catch((e) => e);
    expect(failure).toMatchObject({ code: "unreachable", cause: "Failed to fetch" });
    expect((failure as CommandError).fix).toContain("tandem serve");
  });
});

describe("the event stream", () => {
  test("is read with the token, re-opened after a break, and ends when told", async () => {
    vi.useFakeTimers();
    let opened = 0;
    const fetcher = vi.fn(async (_url: RequestInfo | URL, init?: RequestInit) => {
      expect(new Headers(init?.headers).get("authorization")).toBe("Bearer secret");
      opened += 1;
      if (opened === 2) throw new TypeError("broken");
      const event = `{"type":"tenants_changed","tenant":"t${opened}"}`;
      return new Response(`data: ${event}\n\n`, { status: 200 });
    });
    const seen: string[] = [];
    const handlers: EventHandlers = {
      onEvent: (event) => seen.push(event.tenant),
      onLive: (live) => seen.push(live ? "up" : "down"),
    };
    const stop = httpTransport("secret", fetcher).listen(handlers);
    await vi.advanceTimersByTimeAsync(0);
    expect(seen).toEqual(["up", "t1", "down"]);
    await vi.advanceTimersByTimeAsync(500);
    expect(seen).toEqual(["up", "t1", "down", "down"]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(seen).toEqual(["up", "t1", "down", "down", "up", "t3", "down"]);
    stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(opened).toBe(3);
    vi.useRealTimers();
  });
});
