/** The worker's room: shared by any number, or one alone, and nobody is kept out for ever. */
import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import * as fc from "fast-check";
import { Room } from "../../worker/room.ts";

describe("the worker's room", () => {
  it("has one alone or others together, whatever comes and goes in whatever order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), fc.nat(5)), { maxLength: 12 }), async (guests) => {
        const room = new Room();
        let sharing = 0;
        let alone = 0;
        let served = 0;
        await Promise.all(
          guests.map(async ([exclusive, turns]) => {
            const leave = await room.enter(exclusive);
            if (exclusive) alone++;
            else sharing++;
            assert.ok(alone === 0 || (alone === 1 && sharing === 0));
            for (let i = 0; i < turns; i++) await turn();
            if (exclusive) alone--;
            else sharing--;
            served++;
            leave();
            leave();
          }),
        );
        assert.equal(served, guests.length);
      }),
      { numRuns: 60 },
    );
  });

  it("keeps newcomers out while somebody waits to have it alone", async () => {
    const room = new Room();
    const order: string[] = [];
    const first = await room.enter(false);
    const alone = room.enter(true).then((leave) => {
      order.push("alone");
      leave();
    });
    const late = room.enter(false).then((leave) => {
      order.push("late");
      leave();
    });
    await turn();
    assert.deepEqual(order, []);
    first();
    await Promise.all([alone, late]);
    assert.deepEqual(order, ["alone", "late"]);
  });
});
