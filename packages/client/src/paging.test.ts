import { nextPage } from "./paging.js";

describe("nextPage", () => {
  it("finds the next page among other links and makes its address absolute", () => {
    const link = '</ticks?a=1>; rel="prev", </ticks?start=2>; rel="next"';
    expect(nextPage(link, "http://host:1/ticks?start=1")).toBe("http://host:1/ticks?start=2");
    expect(nextPage("<http://other/ticks>; rel=next", "http://host:1/ticks")).toBe("http://other/ticks");
  });

  it("ends where no next page is named", () => {
    expect(nextPage(null, "http://host:1/")).toBeUndefined();
    expect(nextPage('</ticks?a=1>; rel="prev"', "http://host:1/")).toBeUndefined();
  });
});
