/* A table wider than its box scrolls sideways: then the box can be focused, so that the arrow keys scroll it. */
const BOXES = ".table-box, .chart-box";

const watcher = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const box = target.closest(BOXES);
    if (!box || ("scrolls" in box.dataset === false && box.hasAttribute("tabindex"))) continue; // the page has seen to it
    const scrolls = box.scrollWidth > box.clientWidth;
    box.toggleAttribute("data-scrolls", scrolls);
    if (scrolls) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
    if (box.hasAttribute("role")) continue;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", "Table");
  }
});

function watch(root) {
  for (const box of root.querySelectorAll(BOXES)) {
    watcher.observe(box);
    if (box.firstElementChild) watcher.observe(box.firstElementChild);
  }
}

watch(document);
document.addEventListener("htmx:load", (event) => watch(event.detail.elt.parentElement ?? event.detail.elt));
