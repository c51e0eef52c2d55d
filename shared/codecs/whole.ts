/** The most that is decoded in one piece where a block is at hand whole (sample, tests, simulator): such blocks are small. */
export const wholeBytesMax = 256 * 1024 * 1024;
