/** Dark, light, or as the system says; kept in this browser. */
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { applyTheme } from "../parts/apply-theme.tsx";
import { themes, type Theme } from "../parts/themes.ts";

const storageKey = "spotfold-theme";

/** A browser may refuse to keep anything, or to say what it kept. */
export function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(storageKey);
    return themes.find((theme) => theme === stored) ?? "auto";
  } catch {
    return "auto";
  }
}

export function ThemeChoice(): VNode {
  const [chosen, choose] = useState(storedTheme());
  const change = (value: string): void => {
    const theme = themes.find((known) => known === value) ?? "auto";
    choose(theme);
    applyTheme(theme);
    try {
      localStorage.setItem(storageKey, theme);
    } catch {
      // It is chosen for as long as the page is open.
    }
  };
  return (
    <label class="theme">
      <span>Theme</span>
      <select value={chosen} onChange={(event) => change(event.currentTarget.value)}>
        <option value="auto">System</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  );
}
