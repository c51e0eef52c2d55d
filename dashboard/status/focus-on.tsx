/** Moves the focus to what the reader needs next, when what had it goes away: else the keyboard begins at the top again. */

/** Also to what is no control, such as a heading: it is not one more stop of the tab key. */
export function focusOn(element: HTMLElement | null | undefined): void {
  if (element === null || element === undefined) return;
  if (element.tabIndex < 0) element.tabIndex = -1;
  element.focus();
}

/** Nothing has it: so it is taken from nobody who types. */
export function isFocusFree(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}
