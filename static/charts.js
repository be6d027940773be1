/* Draws every figure.chart on the page from the specifications in its <script type="application/json">: one
   for each colour scheme, drawn again when the scheme changes. Figures of a part that htmx brings are drawn
   when it comes. Needs vega.js before it. */
const OPTIONS = {
  ast: true,
  actions: false,
  renderer: "svg",
  defaultStyle: false,
  tooltip: { disableDefaultStyle: true },
};
const root = document.documentElement;
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const scheme = () => root.dataset.theme ?? (prefersDark.matches ? "dark" : "light");
const views = new Map();

const draw = async (figure) => {
  const box = figure.querySelector(".chart-box");
  const specs = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
  box.classList.toggle("fluid", specs[scheme()].width === "container");
  views.get(figure)?.finalize();
  views.set(figure, await window.vegaEmbed(box, specs[scheme()], OPTIONS));
};

const drawAll = (within = document) => {
  for (const figure of views.keys()) {
    if (figure.isConnected) continue;
    views.get(figure).finalize();
    views.delete(figure);
  }
  for (const figure of within.querySelectorAll("figure.chart")) {
    draw(figure).catch((error) => {
      figure.querySelector(".chart-box").textContent = "The chart cannot be drawn here; its table is below.";
      console.error(error);
    });
  }
};

drawAll();
prefersDark.addEventListener("change", () => drawAll());
root.addEventListener("concord:theme", () => drawAll());
document.addEventListener("htmx:afterSwap", (event) => drawAll(event.target));
