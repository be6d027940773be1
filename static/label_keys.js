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

export function listenToKeys({ toggle, keys, otherwise }) {
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

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.repeat || event.defaultPrevented) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "z";
    if (isUndo) {
      event.preventDefault();
      keys.u();
      return;
    }
    if (!toggle.checked || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = digitOf(event) ?? (event.key.length === 1 ? event.key : null);
    if (key === null || (event.shiftKey && /[a-z]/i.test(key))) return;
    const act = keys[key.toLowerCase()];
    if (act) {
      event.preventDefault(); // the letter must not land in the field that now has the focus
      act();
    } else {
      otherwise(key.toLowerCase());
    }
  });
}
