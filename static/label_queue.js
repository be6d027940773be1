/* Answers on their way to the server: one after the other, in order, tried again until they are there. They
   are kept in the tab's storage too, so that a reload or a new login loses none; their key makes one that
   arrives twice count once. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 15000;
const SLOW_MS = 1500;
const KEEPALIVE_LIMIT = 60000; // characters; browsers refuse larger requests that outlive their page

const token = () =>
  /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ??
  document.querySelector("input[name=csrfmiddlewaretoken]")?.value ??
  "";
const answers = (n) => (n === 1 ? "1 answer" : `${n} answers`);

export class AnswerQueue {
  #store;
  #login;
  #common;
  #takeIn;
  #tell;
  #sending = false;
  #pause = FIRST_PAUSE_MS;
  #timer = 0;

  constructor({ store, login, common, takeIn, tell }) {
    this.#store = store;
    this.#login = login;
    this.#common = common;
    this.#takeIn = takeIn;
    this.#tell = tell;
    this.waiting = this.#read();
    window.addEventListener("online", () => this.retry());
    window.addEventListener("beforeunload", (event) => {
      if (!this.isEmpty) event.preventDefault();
    });
  }

  get isEmpty() {
    return this.waiting.length === 0;
  }

  get slots() {
    return this.waiting.map((entry) => entry.slot);
  }

  add(entry) {
    this.waiting.push(entry);
    this.#keep();
    this.send();
  }

  retry() {
    clearTimeout(this.#timer);
    this.#pause = FIRST_PAUSE_MS;
    this.send();
  }

  async send() {
    if (this.#sending) return;
    this.#sending = true;
    clearTimeout(this.#timer);
    const slow = setTimeout(() => this.#tell({ message: `Saving ${answers(this.waiting.length)} …` }), SLOW_MS);
    while (!this.isEmpty) {
      const problem = await this.#sendFirst();
      if (problem) {
        this.#waitAndRetry(problem);
        break;
      }
      this.#pause = FIRST_PAUSE_MS;
    }
    clearTimeout(slow);
    this.#sending = false;
    if (this.isEmpty) this.#tell({ message: "All saved" });
  }

  /* Sends the oldest answer. Returns why it has to wait, or nothing when the server has decided on it. */
  async #sendFirst() {
    const entry = this.waiting[0];
    const body = new URLSearchParams({ ...entry.fields, ...this.#common }).toString();
    let response;
    let text;
    try {
      response = await fetch(entry.url, {
        method: "POST",
        headers: {
          "Content-Type": "application/x-www-form-urlencoded",
          "HX-Request": "true",
          "X-CSRFToken": token(),
        },
        body,
        redirect: "manual",
        keepalive: body.length < KEEPALIVE_LIMIT,
      });
      text = await response.text();
    } catch {
      return "no connection to the server";
    }
    if (response.type === "opaqueredirect") return `you are logged out; log in again in another tab (${this.#login})`;
    if (response.status === 403) return "the server does not let you label here any more";
    if (!response.ok && response.status !== 409) return `the server answered ${response.status}`;
    this.waiting.shift();
    this.#keep();
    this.#takeIn(text, entry);
    return null;
  }

  #waitAndRetry(problem) {
    const seconds = Math.round(this.#pause / 1000);
    this.#tell({
      message: `${answers(this.waiting.length)} not saved yet: ${problem}. Kept here; trying again in ${seconds} s.`,
      retry: () => this.retry(),
    });
    this.#timer = setTimeout(() => this.send(), this.#pause);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
  }

  #keep() {
    try {
      if (this.isEmpty) sessionStorage.removeItem(this.#store);
      else sessionStorage.setItem(this.#store, JSON.stringify(this.waiting));
    } catch {
      /* Storage is blocked: the answers wait in the page alone, and leaving it asks first. */
    }
  }

  #read() {
    try {
      return JSON.parse(sessionStorage.getItem(this.#store)) ?? [];
    } catch {
      return [];
    }
  }
}
