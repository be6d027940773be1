/* The labelling screen. An answer shows the next item at once; its save runs behind, in order, and is tried
   again until the server has it. Without this file every button is a plain form. */
import { AnswerQueue } from "./label_queue.js";
import { listenToKeys, readKeymap, showKeys } from "./label_keys.js";
import { Lease } from "./label_lease.js";

const FLASH_MS = 100;
const N_KEPT = 50; // answered cards kept for an undo that needs no server

const screen = document.getElementById("label-screen");
const desk = document.getElementById("label-desk");
const undoForm = document.getElementById("label-undo");
const state = document.getElementById("label-state");
const notice = document.getElementById("label-notice");
const told = document.getElementById("label-told");
const mustConfirm = "confirm" in screen.dataset; // a digit chooses, Enter saves

const newKey = () => {
  if (crypto.randomUUID) return crypto.randomUUID(); // missing where the site is served without https
  const bytes = [...crypto.getRandomValues(new Uint8Array(16))];
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
};
const keymap = readKeymap("label-keymap");
const copyOf = (template) => {
  const copy = document.importNode(template.content, true).firstElementChild;
  showKeys(copy, keymap);
  return copy;
};
const slotOf = (card) => card?.dataset.slot;
const formOf = (card) => card.querySelector("form");

/* ── What lies on the desk ──────────────────────────────────────────────────────────────────────────── */
let current = desk.querySelector(".label-card");
let ready = [...document.querySelectorAll("#label-ready template[data-slot]")].map(copyOf);
const answered = []; // newest last
let end = null; // what the server says when nothing is left
let clock = { seconds: 0, since: performance.now() };

function show(card) {
  current = card ?? null;
  const waiting = document.querySelector("#label-ready template[data-wait]");
  const nothing = queue.isEmpty && end ? end : waiting;
  desk.replaceChildren(card ?? copyOf(nothing));
  desk.querySelector("#card-heading").focus({ preventScroll: true });
  for (const box of desk.querySelectorAll(".label-body, .label-side")) box.scrollTop = 0;
  if (card) mark(criteriaOf(card).find((criterion) => !isGraded(criterion)) ?? criteriaOf(card)[0]);
  clock = { seconds: 0, since: performance.now() };
}

/* ── Several criteria: a digit grades the marked one and marks the next ─────────────────────────────── */
const criteriaOf = (card) => [...(card?.querySelectorAll("[data-criterion]") ?? [])];
const isGraded = (criterion) => criterion.querySelector("input:checked") !== null;

function mark(criterion) {
  if (!criterion) return;
  for (const each of criteriaOf(current)) each.toggleAttribute("data-marked", each === criterion);
}

function markInView(criterion) {
  mark(criterion);
  criterion.scrollIntoView({ block: "nearest" });
}

function gradeCriterion(digit) {
  const criteria = criteriaOf(current);
  const place = criteria.findIndex((each) => "marked" in each.dataset);
  const choice = criteria[place]?.querySelector(`input[value="${digit}"]`);
  if (!choice) return;
  const wasGraded = criteria.every(isGraded); // a change to a full answer is looked over first
  choice.checked = true;
  const next = criteria.slice(place + 1).find((each) => !isGraded(each)) ?? criteria.find((each) => !isGraded(each));
  markInView(next ?? criteria[Math.min(place + 1, criteria.length - 1)]);
  const save = current.querySelector("[data-kind=save]");
  if (!next && !wasGraded && !mustConfirm) decide(save);
  else if (!next) save.focus({ preventScroll: true });
}

function stepCriterion(event, step) {
  const criteria = criteriaOf(current);
  if (!criteria.length || event.target.matches("input[type=radio]")) return false;
  const place = criteria.findIndex((each) => "marked" in each.dataset);
  markInView(criteria[Math.max(0, Math.min(place + step, criteria.length - 1))]);
  return true;
}

desk.addEventListener("focusin", (event) => mark(event.target.closest("[data-criterion]")));
desk.addEventListener("change", (event) => mark(event.target.closest("[data-criterion]")));

function saveCriteria() {
  const save = current?.querySelector("[data-kind=save]");
  if (!save) return false;
  formOf(current).requestSubmit(save); // what has no grade yet is said by the browser, and focused
  return true;
}

function secondsShown() {
  const running = clock.since === null ? 0 : (performance.now() - clock.since) / 1000;
  return clock.seconds + running;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) clock = { seconds: secondsShown(), since: null };
  else clock.since = performance.now();
});

function flash(card, pressed) {
  const button = pressed.dataset.action && card?.querySelector(`button[data-action="${CSS.escape(pressed.dataset.action)}"]`);
  if (!button) return;
  button.dataset.pressed = "";
  setTimeout(() => delete button.dataset.pressed, FLASH_MS);
}

/* ── Decisions ──────────────────────────────────────────────────────────────────────────────────────── */
function decide(button) {
  if (!current) return;
  if (button.dataset.kind === "flag") {
    sendFlag(button);
    return;
  }
  const card = current;
  const isGrade = button.name === "grade" || button.dataset.kind === "save";
  const fields = { slot: slotOf(card) };
  if (isGrade) {
    Object.assign(fields, Object.fromEntries(new FormData(formOf(card))));
    delete fields.csrfmiddlewaretoken;
    delete fields.note;
    if (button.name === "grade") fields.grade = button.value;
    fields.seconds = secondsShown().toFixed(1);
    if (screen.dataset.guidelines) fields.guidelines_version = screen.dataset.guidelines; // the panel's, not the card's
  }
  told.replaceChildren();
  answered.push(card);
  if (answered.length > N_KEPT) answered.shift();
  queue.add({
    kind: isGrade ? "save" : button.dataset.kind,
    url: isGrade ? formOf(card).action : button.formAction,
    slot: slotOf(card),
    fields,
    chip: button.querySelector(".grade")?.textContent ?? card.querySelector("input[name=grade]:checked")?.value ?? "–",
  });
  closePops(card);
  choose(null);
  history.replaceState(null, "", location.pathname); // a corrected answer is not opened again by a reload
  show(ready.shift());
  if (isGrade) flash(current, button);
}

/* A note to the managers: the item stays. */
function sendFlag(button) {
  const note = current.querySelector("textarea[name=note]");
  queue.add({ kind: "flag", url: button.formAction, slot: slotOf(current), fields: { slot: slotOf(current), note: note.value }, chip: "" });
  note.value = "";
  closePops(current);
  say("The managers will see your note. The item is still yours to grade.");
  desk.querySelector("#card-heading").focus({ preventScroll: true });
}

function say(...words) {
  const line = document.createElement("p");
  line.className = "notice info";
  line.append(...words);
  told.replaceChildren(line);
}

function closePops(card) {
  for (const pop of card.querySelectorAll("details[data-pop][open]")) pop.open = false;
}

let chosen = null; // where Enter confirms
function choose(button) {
  chosen?.removeAttribute("aria-pressed");
  chosen = button;
  chosen?.setAttribute("aria-pressed", "true");
}

function undo() {
  const card = answered.pop();
  if (!card && !queue.isEmpty) return; // what the server knows as the last answer is not the last one yet
  const slot = card ? slotOf(card) : undoForm.elements.slot.value;
  if (!slot) return;
  undoForm.elements.slot.value = "";
  if (card) {
    formOf(card).elements.client_key.value = newKey(); // its next answer is another one
    card.querySelector(".label-earlier")?.remove();
    if (current) ready.unshift(current);
    show(card);
  }
  queue.add({ kind: "undo", url: undoForm.action, slot, fields: { slot }, chip: "" });
}

desk.addEventListener("submit", (event) => {
  if (!event.target.closest(".label-card")) return;
  event.preventDefault();
  if (event.submitter) decide(event.submitter);
});
undoForm.addEventListener("submit", (event) => {
  event.preventDefault();
  undo();
});

/* ── Answers from the server ────────────────────────────────────────────────────────────────────────── */
function takeIn(html, entry) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const update = page.getElementById("label-update");
  if (!update) return;
  document.getElementById("label-progress").replaceWith(page.getElementById("label-progress"));
  document.getElementById("label-recent").replaceWith(page.getElementById("label-recent"));
  document.getElementById("label-history").replaceWith(page.getElementById("label-history"));
  const refusal = page.getElementById("label-refusal");
  if (refusal) refuse(refusal);
  const seen = page.getElementById("label-seen");
  if (seen) told.replaceChildren(seen);
  if (update.dataset.guidelines !== screen.dataset.guidelines) tellOfGuidelines(update.dataset.guidelines);
  if (queue.isEmpty) undoForm.elements.slot.value = update.dataset.undo;

  const templates = [...update.querySelectorAll("template[data-slot]")];
  const known = new Map(ready.map((card) => [slotOf(card), card]));
  const away = new Set([slotOf(current), ...queue.slots]);
  const leased = templates.filter((each) => !away.has(each.dataset.slot));
  const cardOf = (template) => known.get(template.dataset.slot) ?? copyOf(template);
  if (queue.isEmpty) ready = leased.map(cardOf); // the server's order; what is no longer ours goes
  else ready.push(...leased.filter((each) => !known.has(each.dataset.slot)).map(copyOf));
  end = update.querySelector("template[data-end]");

  if (refusal && entry.kind === "undo" && slotOf(current) === entry.slot) show(ready.shift());
  const isReopened = entry.kind === "undo" && queue.isEmpty && ready.length && slotOf(ready[0]) === entry.slot;
  if (isReopened && current) {
    const before = current;
    show(ready.shift());
    ready.unshift(before);
  } else if (!current) {
    show(ready.shift());
  }
}

function tellOfGuidelines(version) {
  const link = document.createElement("a");
  link.href = location.pathname;
  link.textContent = `Load version ${version}`;
  say("The guidelines have changed. ", link);
}

/* Why an answer was not kept, with its text, until the person has read it. */
function refuse(refusal) {
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button small";
  close.textContent = "Close";
  close.addEventListener("click", () => refusal.remove());
  refusal.removeAttribute("id");
  refusal.append(close);
  notice.append(refusal);
}

function tell({ message, retry }) {
  state.textContent = message;
  state.classList.toggle("bad", Boolean(retry));
  if (retry) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button small";
    button.textContent = "Try now";
    button.addEventListener("click", retry);
    state.append(" ", button);
  }
  const list = document.getElementById("label-recent");
  for (const chip of list.querySelectorAll("[data-unsaved]")) chip.remove();
  for (const entry of queue.waiting.filter((each) => each.kind === "save")) {
    const chip = document.createElement("li");
    chip.dataset.unsaved = "";
    chip.className = "grade is-unsaved";
    chip.title = "Not saved yet";
    chip.textContent = entry.chip;
    list.prepend(chip);
  }
}

const queue = new AnswerQueue({ store: screen.dataset.store, login: screen.dataset.login, common: { page: screen.dataset.page }, takeIn, tell });

new Lease({
  screen,
  held: () => [current, ...ready].filter(Boolean).map(slotOf),
  kept(asked, held) {
    const lost = new Set(asked.filter((slot) => !held.has(slot)));
    ready = ready.filter((card) => !lost.has(slotOf(card)));
    const isCorrection = location.search !== "";
    if (current && lost.has(slotOf(current)) && !isCorrection) {
      say("Your time with this item ran out, and others have taken it. An answer may come too late.");
    }
  },
});

mark(criteriaOf(current).find((criterion) => !isGraded(criterion)) ?? criteriaOf(current)[0]);

// Answers that an earlier visit could not send: their items may still lie on top.
if (!queue.isEmpty) {
  const sent = new Set(queue.slots);
  ready = ready.filter((card) => !sent.has(slotOf(card)));
  if (sent.has(slotOf(current))) show(ready.shift());
  queue.send();
}

/* ── Keys ───────────────────────────────────────────────────────────────────────────────────────────── */
const dialog = document.getElementById("keys");
const openKeys = document.getElementById("open-keys");
openKeys.hidden = false;
openKeys.addEventListener("click", () => dialog.showModal());
desk.addEventListener("keydown", (event) => {
  const isSend = event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea[name=note]");
  if (isSend) sendFlag(desk.querySelector('button[data-kind="flag"]'));
  const mayLeave = event.target.matches("textarea") || event.target.closest("details[data-pop][open]");
  if (event.key === "Escape" && mayLeave && !event.isComposing) {
    closePops(desk);
    desk.querySelector("#card-heading").focus({ preventScroll: true });
  }
});

/* Opens an earlier answer once everything is saved. */
function follow(id) {
  const link = document.getElementById(id);
  if (!link) return false;
  if (queue.isEmpty) location.assign(link.href);
  return true;
}

desk.addEventListener(
  "toggle",
  (event) => {
    const pop = event.target;
    if (!pop.matches("details[data-pop]")) return;
    if (!pop.open) return;
    for (const other of desk.querySelectorAll("details[data-pop][open]")) if (other !== pop) other.open = false;
    pop.querySelector("textarea, button").focus();
  },
  true,
);

const onCard = (action) => desk.querySelector(`.label-card [data-action~="${CSS.escape(action)}"]`);
const press = (button) => {
  if (!button) return false;
  if (mustConfirm && button.name === "grade" && !button.dataset.pick) choose(button);
  else button.click();
  return true;
};

showKeys(document, keymap);
listenToKeys({
  toggle: document.getElementById("keys-on"),
  keymap,
  digit(key) {
    const pick = desk.querySelector(`details[data-pop][open] [data-pick="${key}"]`);
    if (!pick && criteriaOf(current).length) gradeCriterion(key);
    else press(pick ?? onCard(`grade_${key}`));
  },
  act(action) {
    if (action === "undo") undo();
    else if (action === "rationale") desk.querySelector("#rationale")?.focus();
    else if (action === "guidelines") document.querySelector("#guidelines summary").click();
    else return press(onCard(action));
    return true;
  },
  fixed: {
    "?": () => dialog.showModal(),
    ArrowLeft: () => follow("history-back"),
    ArrowRight: () => follow("history-on"),
    ArrowUp: (event) => stepCriterion(event, -1),
    ArrowDown: (event) => stepCriterion(event, 1),
    Enter: (event) => {
      if (event.target.closest("button, a, summary")) return false;
      if (!chosen) return saveCriteria();
      decide(chosen);
      return true;
    },
  },
});
