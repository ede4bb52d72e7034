import { describe, expect, test } from "vitest";
import { arrived, bubbles, newPeople, type Sent, stage, windowOf, write } from "./stage.ts";

const MESSAGES = 500;
const AT_ONCE = 20;

describe("a long conversation", () => {
  stage();

  test("goes back through 500 messages without a jump and without a gap", async () => {
    const [one, other] = await newPeople("Lorien", "First One");
    const sent: Sent[] = [await write(other.token, one.handle, "In the beginning.")];
    while (sent.length < MESSAGES) {
      const texts = Array.from({ length: Math.min(AT_ONCE, MESSAGES - sent.length) }, (_, at) => `Year ${sent.length + at}`);
      sent.push(...(await Promise.all(texts.map((text) => write(other.token, one.handle, text)))));
    }
    const page = await windowOf(one, `/messages/${sent[0]?.message_group_uuid}`);
    await bubbles(page).first().waitFor();

    const jump = await page.evaluate(scrollToTheBeginning);
    expect(jump).toBeLessThan(2);
    const shown = await bubbles(page).evaluateAll((all) => all.map((each) => (each as HTMLElement).dataset["uuid"]));
    expect(shown).toEqual(sent.map((each) => each.uuid).sort());

    // While one reads what is old, what is new does not move it.
    const before = await bubbles(page).nth(5).boundingBox();
    await write(other.token, one.handle, "And in the end.");
    await expect.poll(() => bubbles(page).count()).toBe(MESSAGES + 1);
    expect((await bubbles(page).nth(5).boundingBox())?.y).toBeCloseTo(before?.y ?? 0, 0);
    await page.getByRole("button", { name: "To the newest message" }).click();
    await expect.poll(() => arrived(page, "And in the end.").evaluate(isInSight)).toBe(true);
  });
});

const isInSight = (element: Element) => {
  const { top, bottom } = element.getBoundingClientRect();
  return top >= 0 && bottom <= window.innerHeight;
};

/** Scrolls up step by step, as a wheel does, until nothing older comes. Gives by how many pixels what is in sight was
 * ever moved by what came in above it. */
async function scrollToTheBeginning(): Promise<number> {
  const box = document.querySelector(".thread") as HTMLElement;
  const pause = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  const oldest = () => box.querySelector(".bubble") as HTMLElement;
  let jump = 0;
  for (let quiet = 0; quiet < 40; ) {
    const first = oldest();
    box.scrollBy(0, -700);
    await pause();
    const at = first.getBoundingClientRect().top;
    const where = box.scrollTop;
    await pause();
    if (box.scrollTop === where) jump = Math.max(jump, Math.abs(first.getBoundingClientRect().top - at));
    quiet = oldest() === first && box.querySelector(".more") === null ? quiet + 40 : oldest() === first ? quiet + 1 : 0;
    if (quiet) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return jump;
}
