import { labelsOf } from "./notes-view.js";

const day = (x: number, name: string, corrected = 0) => ({ x, name, corrected, isBar: false });
const shown = (...days: Parameters<typeof labelsOf>[0]) => labelsOf(days, 600).map(({ day: { name } }) => name);

describe("the names of days over the chart", () => {
  it("keeps the day that began before the left edge in sight", () => {
    expect(labelsOf([day(-300, "Mon 23 Nov"), day(200, "Tue 24 Nov")], 600).map(({ left }) => left)).toEqual([6, 206]);
    expect(shown(day(-300, "Sun 22 Nov"), day(-200, "Mon 23 Nov"))).toEqual(["Mon 23 Nov"]);
  });

  it("leaves out what has no room, but never a day that was corrected for one that was not", () => {
    expect(shown(day(0, "Mon 23 Nov"), day(40, "Tue 24 Nov", 2), day(300, "Wed 25 Nov"))).toEqual([
      "Tue 24 Nov",
      "Wed 25 Nov",
    ]);
  });
});
