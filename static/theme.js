/* The switch between light, dark and as the device is set. A classic script on purpose: it runs before the
   first paint, so that no page flashes in the other scheme. */
(() => {
  const KEY = "concord-theme";
  const root = document.documentElement;

  const read = () => {
    try {
      return localStorage.getItem(KEY) || "auto";
    } catch {
      return "auto";
    }
  };

  const apply = (choice) => {
    if (choice === "auto") delete root.dataset.theme;
    else root.dataset.theme = choice;
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
    }
  };

  apply(read());
  document.addEventListener("DOMContentLoaded", () => {
    for (const group of document.querySelectorAll(".theme-switch")) group.hidden = false;
    apply(read());
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (!button) return;
    try {
      localStorage.setItem(KEY, button.dataset.themeChoice);
    } catch {
      /* Storage is blocked: the choice lasts as long as the page. */
    }
    apply(button.dataset.themeChoice);
    root.dispatchEvent(new CustomEvent("concord:theme"));
  });
  window.addEventListener("storage", (event) => {
    if (event.key === KEY) apply(read());
  });
})();
