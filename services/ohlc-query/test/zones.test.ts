import { type ReadSide, startReadSide } from "./read-side.js";

let service: ReadSide;

beforeAll(async () => {
  service = await startReadSide();
  const times = [
    "2024-03-10T06:59:59.123456Z",
    "2024-03-10T07:00:00.000001Z",
    "2024-11-03T05:30:00Z",
    "2024-11-03T06:30:00Z",
  ];
  await service.insert(times.map((time) => ({ time, price: 1.1 })));
});
afterAll(() => service.stop());

const ALL = "symbol=EURUSD&start=2024-03-01&end=2024-12-01";

async function firstCells(path: string): Promise<string[]> {
  const answer = await fetch(service.url + path);
  expect(answer.status).toBe(200);
  return (await answer.text())
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",")[0] ?? "");
}

const NEW_YORK = [
  "2024-03-10T01:59:00-05:00",
  "2024-03-10T03:00:00-04:00",
  // An hour that comes twice.
  "2024-11-03T01:30:00-04:00",
  "2024-11-03T01:30:00-05:00",
];

test.each(["", "&limit=all", "&fill=none&limit=4"])(
  "CSV tells times as the clocks of a zone show them%s",
  async (kind) => {
    expect(await firstCells(`/ohlc/minute.csv?${ALL}&tz=America/New_York${kind}`)).toEqual(NEW_YORK);
  },
);

test("ticks keep their microseconds, zones of half hours and ahead of UTC have their offsets, and UTC is told by Z", async () => {
  const ticks = (zone: string) => firstCells(`/ticks.csv?${ALL}&tz=${zone}&limit=2`);
  expect(await ticks("America/New_York")).toEqual([
    "2024-03-10T01:59:59.123456-05:00",
    "2024-03-10T03:00:00.000001-04:00",
  ]);
  expect((await ticks("Asia/Kolkata"))[0]).toBe("2024-03-10T12:29:59.123456+05:30");
  expect((await ticks("UTC"))[0]).toBe("2024-03-10T06:59:59.123456Z");
});

test("filled buckets, bars of ticks, the newest bars and symbols are told in it, too", async () => {
  const zone = "tz=America/New_York&format=csv";
  const filled = `/ohlc/hour?symbol=EURUSD&start=2024-11-03T04:00:00Z&end=2024-11-03T08:00:00Z&fill=null&${zone}`;
  expect(await firstCells(filled)).toEqual([
    "2024-11-03T00:00:00-04:00",
    "2024-11-03T01:00:00-04:00",
    "2024-11-03T01:00:00-05:00",
    "2024-11-03T02:00:00-05:00",
  ]);
  expect((await firstCells(`/ohlc?interval=10t&${ALL}&${zone}`))[0]).toBe("2024-03-10T01:59:59.123456-05:00");
  expect(await firstCells(`/ohlc/latest?symbol=EURUSD&${zone}`)).toEqual(["2024-11-03T01:30:00-05:00"]);
  expect(await (await fetch(`${service.url}/symbols?${zone}`)).text()).toContain(",2024-03-10T01:59:59.123456-05:00,");
});

test.each([
  ["tz=Mars/Olympus&format=csv", "must be an IANA time zone"],
  ["tz=%2B02:00&format=arrow", "must be an IANA time zone"],
  ["tz=America/New_York", "not for json, whose times are in UTC"],
  ["tz=America/New_York&format=columns", "not for columns"],
])("%s is refused with what is wrong", async (query, message) => {
  for (const path of [`/ohlc/minute?${ALL}`, `/ticks?${ALL}`, "/ohlc/latest?symbol=EURUSD", "/symbols?limit=1"]) {
    const answer = await service.get<{ errors: { field: string; message: string }[] }>(`${path}&${query}`);
    expect([answer.status, answer.body.errors[0]?.field]).toEqual([400, "tz"]);
    expect(answer.body.errors[0]?.message).toContain(message);
  }
});
