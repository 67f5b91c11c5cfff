import { ForgetfulProxy } from "../src/history/forgetful-proxy.js";
import { HistoryRun } from "../src/history/history-run.js";

const READS = 300;
/** So often an answer is given again without a look at the database. */
const AGAIN = 2;

let run: HistoryRun | undefined;
const proxies: ForgetfulProxy[] = [];

afterEach(async () => {
  for (const proxy of proxies) proxy.close();
  await run?.end();
});

test("answers that were right a moment ago are found by the journal of what was committed since", async () => {
  const through = async (url: string) => {
    const proxy = await ForgetfulProxy.open(url, AGAIN);
    proxies.push(proxy);
    return proxy.url;
  };
  run = await HistoryRun.begin({ reads: READS, seed: 7, through });
  const { wrong } = await run.run();
  console.info(`found ${wrong.length} of ${READS} answers wrong`);
  expect(wrong.length).toBeGreaterThan(0);
  expect(wrong.length).toBeLessThan(READS);
});
