/** What a key does, as the map of keys lists it. */
export interface KeyHelp {
  readonly keys: readonly string[];
  readonly does: string;
}

export interface KeySection {
  readonly title: string;
  readonly keys: readonly KeyHelp[];
}

/** Every key of the page. */
export const KEY_MAP: readonly KeySection[] = [
  {
    title: "Everywhere",
    keys: [
      { keys: ["?"], does: "Show these keys" },
      { keys: ["/"], does: "Filter the watchlist" },
      { keys: ["c"], does: "Chart" },
      { keys: ["q"], does: "Data quality" },
      { keys: ["o"], does: "Operations" },
      { keys: ["[", "]"], does: "Symbol before, symbol after" },
      { keys: ["t"], does: "Dark or light theme" },
      { keys: ["Esc"], does: "Close what is open, clear the filter" },
    ],
  },
  {
    title: "Watchlist",
    keys: [
      { keys: ["↑", "↓", "Home", "End"], does: "Walk through the symbols" },
      { keys: ["f"], does: "Favourite, or no longer" },
      { keys: ["g"], does: "Groups of the symbol" },
      { keys: ["Alt + ↑", "Alt + ↓"], does: "Move the symbol in its list" },
    ],
  },
  {
    title: "Chart",
    keys: [
      { keys: ["←", "→"], does: "Step from bar to bar, with Shift by ten" },
      { keys: ["+", "−"], does: "Zoom" },
      { keys: ["End"], does: "Go to the newest bar" },
    ],
  },
  {
    title: "Tables",
    keys: [
      { keys: ["↑", "↓", "Home", "End"], does: "Walk through the rows" },
      { keys: ["Tab", "Enter"], does: "Go to a column's head, sort by it" },
    ],
  },
];
