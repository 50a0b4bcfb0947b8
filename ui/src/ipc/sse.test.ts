import { expect, test } from "vitest";
import { SseParser } from "./sse";

const STREAM = ': hello\n\nevent: x\ndata: {"a":1}\n\ndata: one\ndata: two\r\n\r\ndata:bare\n\n';
const MESSAGES = ['{"a":1}', "one\ntwo", "bare"];

test("reads whole messages however the text is cut", () => {
  for (let size = 1; size <= STREAM.length; size += 1) {
    const parser = new SseParser();
    const messages: string[] = [];
    for (let at = 0; at < STREAM.length; at += size) {
      messages.push(...parser.push(STREAM.slice(at, at + size)));
    }
    expect(messages, `cut every ${size}`).toEqual(MESSAGES);
  }
});

test("an unfinished message is not handed out", () => {
  expect(new SseParser().push("data: half")).toEqual([]);
  expect(new SseParser().push("data: half\n")).toEqual([]);
});
