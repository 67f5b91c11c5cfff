import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace-base";
import type { Logger } from "../logger.js";

/** Exports, and says once that it cannot and once that it can again: spans are dropped meanwhile, and nothing waits for them. */
export class ToldExporter implements SpanExporter {
  #lost = 0;

  constructor(
    private readonly exporter: SpanExporter,
    private readonly logger: Logger,
  ) {}

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.exporter.export(spans, (result) => {
      if (result.code === ExportResultCode.SUCCESS) this.#succeeded();
      else this.#failed(spans.length, result.error);
      // Its caller would only log it once more.
      done({ code: ExportResultCode.SUCCESS });
    });
  }

  async forceFlush(): Promise<void> {
    await this.exporter.forceFlush?.();
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown();
  }

  #failed(count: number, error: Error | undefined): void {
    if (this.#lost === 0) this.logger.warn("traces cannot be exported", { reason: error?.message });
    this.#lost += count;
  }

  #succeeded(): void {
    if (this.#lost > 0) this.logger.info("traces are exported again", { lost_spans: this.#lost });
    this.#lost = 0;
  }
}
