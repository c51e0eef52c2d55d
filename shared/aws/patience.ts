/** How long a request to AWS may take when nobody says otherwise. Apart from client.ts, which loads the SDK. */

/** From the first byte sent to the answer's head: a part of 8 MiB at 2 Mbit/s; above the 20 s of a long poll. */
export const requestMsMaxDefault = 60_000;

/** A connection that lost its other end says nothing: nothing came for so long, although somebody waits for it. */
export const silentMsMaxDefault = 30_000;
