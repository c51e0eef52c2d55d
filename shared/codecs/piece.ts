/** Decoded bytes are handed on in pieces of at most so many: the cost of a piece does not show, and caches hold it. */
export const pieceBytesMax = 256 * 1024;
