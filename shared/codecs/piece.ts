/** Decoded bytes are handed on in pieces of at most so many: the next process has them before the block is done. */
export const pieceBytesMax = 1024 * 1024;
