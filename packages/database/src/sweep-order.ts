/** A change that a refresh leaves where it is is not tried again before; others are. */
const STUCK_PAUSE_MS = 60_000;

/**
 * Which of the changes that are known is refreshed next: the first that has not just been tried. One that a refresh leaves where it
 * is keeps none behind it waiting.
 */
export class SweepOrder<C> {
  /** When a refresh was tried of those that are still there, by their text. */
  private triedAtMs = new Map<string, number>();

  /** @param changes all of them, or the first; what was tried and is not among them any more is done */
  next(changes: readonly C[], nowMs: number): C | undefined {
    const texts = changes.map((change) => JSON.stringify(change));
    this.triedAtMs = new Map([...this.triedAtMs].filter(([text]) => texts.includes(text)));
    const isDue = (text: string) => nowMs - (this.triedAtMs.get(text) ?? Number.NEGATIVE_INFINITY) >= STUCK_PAUSE_MS;
    const place = texts.findIndex(isDue);
    const text = texts[place];
    if (text !== undefined) this.triedAtMs.set(text, nowMs);
    return changes[place];
  }
}
