import { describe, expect, test } from "bun:test";
import { rowTexts, titleText } from "../../../src/top/plain_lines.ts";
import { rowOf } from "./sample_rows.ts";

describe("plain lines", () => {
  test("have titles above their columns", () => {
    const [line] = rowTexts([rowOf()], "12:00:00").split("\n");
    const title = titleText();
    expect(title).toStartWith("TIME     STATE      RES  MOVED  FREED   BACK   WAIT    AGE PROJECT");
    expect(title).toEndWith(" WHY\n");
    expect(line).toStartWith("12:00:00 pauses      1G");
    expect(line!.indexOf("p000/t000")).toBe(title.indexOf("PROJECT/TASK"));
  });

  test("are one line a task, whatever a reason says", () => {
    const row = { ...rowOf(), reasons: ["a\nb\x1b[2J"] };
    expect(rowTexts([row, row], "12:00:00").split("\n")).toHaveLength(3);
    expect(rowTexts([row], "12:00:00")).toEndWith("a?b?[2J\n");
  });
});
