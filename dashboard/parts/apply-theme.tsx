/** Puts a theme where the style sheets look for it, whoever remembers the choice. */
import type { Theme } from "./themes.ts";

export function applyTheme(theme: Theme): void {
  if (theme === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}
