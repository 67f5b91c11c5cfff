import { ensureChromium } from "@fx-ohlc/testkit";
import { type Browser, type BrowserContextOptions, type CDPSession, chromium, type Page } from "playwright-core";

/** A container has no room in /dev/shm, and root cannot have a sandbox of its own. */
const ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage"];

export const DESKTOP = { viewport: { width: 1440, height: 900 } };
export const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/** A bar as the page's chart holds it. */
export interface DrawnBar {
  /** Seconds since 1970. */
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly count: number;
}

export async function launchBrowser(): Promise<Browser> {
  const executablePath = await ensureChromium((line) => console.log(line));
  return chromium.launch({ executablePath, args: ARGUMENTS });
}

/** The dashboard in a tab of its own, with everything that went wrong in it. */
export class PageUnderTest {
  /** Errors that the page's console showed, and exceptions nobody caught. */
  readonly errors: string[] = [];

  private constructor(readonly page: Page) {
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.errors.push(message.text());
    });
    page.on("pageerror", (error) => this.errors.push(String(error.stack)));
  }

  /** @param url of the page, and what it shows */
  static async open(browser: Browser, url: string, options: BrowserContextOptions = DESKTOP): Promise<PageUnderTest> {
    const context = await browser.newContext({ colorScheme: "dark", ...options });
    const opened = new PageUnderTest(await context.newPage());
    await opened.page.goto(url);
    await opened.untilStatus("connected");
    return opened;
  }

  /** Waits until the page says that its connection is in a state. */
  async untilStatus(name: string): Promise<void> {
    await this.page.locator(`body[data-status="${name}"]`).waitFor({ timeout: 30_000 });
  }

  drawnBars(): Promise<DrawnBar[]> {
    return this.page.evaluate("fxOhlc.drawnBars()");
  }

  /** The texts of the page's log of its connection, newest first. */
  async log(): Promise<string[]> {
    return this.page.locator("#system .log li span").allTextContents();
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}

/** How much of a processor a page's main thread takes. */
export class MainThreadClock {
  private constructor(
    private readonly session: CDPSession,
    private readonly startedAtMs: number,
    private readonly usedS: number,
  ) {}

  static async start({ page }: PageUnderTest): Promise<MainThreadClock> {
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    return new MainThreadClock(session, performance.now(), await usedSeconds(session));
  }

  /** The share of one core since the start. */
  async share(): Promise<number> {
    const usedS = (await usedSeconds(this.session)) - this.usedS;
    return (usedS * 1_000) / (performance.now() - this.startedAtMs);
  }
}

async function usedSeconds(session: CDPSession): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN;
}
