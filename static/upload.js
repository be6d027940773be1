/* An upload says how far it is, and that a file is too large before it is sent. */
const formOf = (element) => element.closest("form[data-limit]");
const megabytes = (bytes) => `${(bytes / 1048576).toLocaleString("en", { maximumFractionDigits: 1 })} MB`;

document.addEventListener("change", (event) => {
  const form = formOf(event.target);
  if (!form || event.target.type !== "file") return;
  const [file] = event.target.files;
  const isTooLarge = file && file.size > Number(form.dataset.limit);
  event.target.setCustomValidity(
    isTooLarge ? `This file has ${megabytes(file.size)}; the most is ${megabytes(Number(form.dataset.limit))}.` : "",
  );
  event.target.reportValidity();
});

document.addEventListener("htmx:xhr:progress", (event) => {
  const form = formOf(event.target);
  if (!form || !event.detail.lengthComputable) return;
  const { loaded, total } = event.detail;
  form.querySelector("[data-broken]").hidden = true;
  form.querySelector("[data-sending]").hidden = false;
  form.querySelector("progress").value = loaded / total;
  form.querySelector("[data-sent]").textContent =
    loaded < total ? `${megabytes(loaded)} of ${megabytes(total)} sent` : "Sent; looking at it …";
});

for (const name of ["htmx:sendError", "htmx:responseError"]) {
  document.addEventListener(name, (event) => {
    const form = formOf(event.target);
    if (!form) return;
    form.querySelector("[data-sending]").hidden = true;
    form.querySelector("[data-broken]").hidden = false;
  });
}
