/* Keys of the adjudication screen: each presses what carries it in data-key. They sleep while somebody types,
   composes with an input method or holds a modifier, and when the person switched them off. */
const STORE = "concord-single-keys";
const toggle = document.getElementById("keys-on");
const form = document.getElementById("decide");

try {
  toggle.checked = localStorage.getItem(STORE) !== "off";
} catch {
  /* Storage is blocked: the switch lasts as long as the page. */
}
toggle.addEventListener("change", () => {
  try {
    localStorage.setItem(STORE, toggle.checked ? "on" : "off");
  } catch {
    /* as above */
  }
});

const isTyping = (target) => Boolean(target.closest?.("textarea, select, input:not([type=checkbox])"));

/* The digit of the key, on the row (also where the layout wants Shift for it) and on the number pad. */
const keyOf = (event) => {
  if (/^\d$/.test(event.key)) return event.key;
  const row = /^Digit(\d)$/.exec(event.code);
  return row && !event.shiftKey ? row[1] : event.key.toLowerCase();
};

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229 || event.repeat || event.defaultPrevented) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "z";
  if (!isUndo && (!toggle.checked || event.ctrlKey || event.metaKey || event.altKey)) return;
  const pressed = document.querySelector(`[data-key="${CSS.escape(isUndo ? "u" : keyOf(event))}"]`);
  if (!pressed) return;
  event.preventDefault(); // the letter must not land in the field that now has the focus
  pressed.click();
});

/* One decision a page: a second press while the next item is on its way would be one too many. */
form.addEventListener("submit", (event) => {
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
addEventListener("pageshow", () => delete form.dataset.sent);
