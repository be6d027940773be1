/* Single keys for the labelling screen. They sleep while somebody types, composes with an input method, has
   a dialog open or holds a modifier, and when the person switched them off. */
const STORE = "concord-single-keys";

const isTyping = (target) =>
  target.isContentEditable || Boolean(target.closest?.("textarea, select, input:not([type=checkbox], [type=radio], [type=button])"));

/* The digit of the key, on the row (also where the layout wants Shift for it) and on the number pad. */
function digitOf(event) {
  if (/^\d$/.test(event.key)) return event.key;
  const row = /^Digit(\d)$/.exec(event.code);
  return row && !event.shiftKey ? row[1] : null;
}

function rememberSwitch(toggle) {
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
}

/* The person's keys, as the server keeps them: {action: key}, "" for none. */
export function readKeymap(id) {
  return new Map(Object.entries(JSON.parse(document.getElementById(id).textContent)).filter(([, key]) => key));
}

/* Writes each action's key beside what it does, for the eye and for screen readers. */
export function showKeys(root, keymap) {
  for (const place of root.querySelectorAll("[data-action]")) {
    const keys = place.dataset.action.split(" ").map((action) => keymap.get(action)).filter(Boolean);
    const digits = place.dataset.action.match(/(?<=grade_)\d\b/g) ?? [];
    if (place.matches("button, summary")) place.setAttribute("aria-keyshortcuts", [...digits, ...keys].join(" "));
    const shown = place.querySelector("kbd");
    if (shown) shown.textContent = keys.join(" ");
    if (shown) shown.hidden = keys.length === 0;
    if (place.matches("dt")) place.hidden = place.nextElementSibling.hidden = keys.length === 0;
  }
}

/* `act(action)` for keys of the keymap; `digit(key)` for digits; `fixed` for keys that nobody can change. */
export function listenToKeys({ toggle, keymap, act, digit, fixed }) {
  rememberSwitch(toggle);
  const actions = new Map([...keymap].map(([action, key]) => [key, action]));
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.repeat || event.defaultPrevented) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "z";
    if (isUndo) {
      event.preventDefault();
      act("undo");
      return;
    }
    if (!toggle.checked || event.ctrlKey || event.metaKey || event.altKey) return;
    const number = digitOf(event);
    if (number !== null) {
      digit(number);
      return;
    }
    const key = event.key.toLowerCase();
    if (event.shiftKey && /^\p{L}$/u.test(key)) return;
    const isFixed = Object.hasOwn(fixed, event.key);
    if (!isFixed && !actions.has(key)) return;
    if (isFixed ? fixed[event.key](event) === false : act(actions.get(key)) === false) return;
    event.preventDefault(); // the letter must not land in the field that now has the focus
  });
}
