/* Keeps what the page holds while somebody is there: a sign of life each minute, for as long as the person
   was seen in the last quarter of an hour, and a last word when the page is left. */
const BEAT_MS = 60_000;
const AWAY_MS = 15 * 60_000;

export class Lease {
  #screen;
  #held;
  #kept;
  #seenAt = Date.now();

  /* held(): the slots on the page; kept(slots): those that are still this person's. */
  constructor({ screen, held, kept }) {
    this.#screen = screen;
    this.#held = held;
    this.#kept = kept;
    for (const sign of ["keydown", "pointerdown", "pointermove", "wheel"]) {
      document.addEventListener(sign, () => this.#see(), { passive: true });
    }
    document.addEventListener("visibilitychange", () => document.hidden || this.#see());
    window.addEventListener("pageshow", (event) => event.persisted && this.beat());
    window.addEventListener("pagehide", () => this.#release());
    setInterval(() => Date.now() - this.#seenAt < AWAY_MS && this.beat(), BEAT_MS);
  }

  #see() {
    const wasAway = Date.now() - this.#seenAt > BEAT_MS * 2;
    this.#seenAt = Date.now();
    if (wasAway) this.beat();
  }

  async beat() {
    const asked = this.#held();
    if (!asked.length) return;
    try {
      const response = await fetch(this.#screen.dataset.keep, { method: "POST", body: this.#form(asked), redirect: "manual" });
      if (response.ok) this.#kept(asked, new Set((await response.json()).held.map(String)));
    } catch {
      /* No connection: the next beat tries again, and an answer counts while there is room. */
    }
  }

  #release() {
    const held = this.#held();
    if (held.length) navigator.sendBeacon(this.#screen.dataset.release, this.#form(held));
  }

  #form(slots) {
    const form = new FormData();
    form.set("slots", slots.slice(0, 10).join(","));
    form.set("page", this.#screen.dataset.page);
    form.set("csrfmiddlewaretoken", document.querySelector("input[name=csrfmiddlewaretoken]").value);
    return form;
  }
}
