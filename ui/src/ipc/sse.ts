/**
 * Cuts a server-sent event stream into the `data` of its messages. Feed it text as it arrives; a
 * message may be split anywhere. Comments and unknown fields are ignored, as the format asks.
 */
export class SseParser {
  private rest = "";
  private data: string[] = [];

  push(text: string): string[] {
    const messages: string[] = [];
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (this.data.length > 0) messages.push(this.data.join("\n"));
        this.data = [];
      } else if (line.startsWith("data:")) {
        this.data.push(line.slice(line[5] === " " ? 6 : 5));
      }
    }
    return messages;
  }
}
