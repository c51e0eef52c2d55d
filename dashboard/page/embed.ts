/** The piece of HTML that shows a figure inside of another page. Pure. */

/** What fits a figure with its caption on most pages; the frame's own page is as wide as the frame. */
const heightPx = 744;

/** `address`: of the figure alone, absolute. Both come from anybody: they are text in an attribute. */
export function embedCode(address: string, title: string): string {
  return `<iframe src="${escaped(address)}" title="${escaped(title)}" width="100%" height="${heightPx}" loading="lazy" style="border:0"></iframe>`;
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
