/* A slider beside the number that it sets: each follows the other. The slider has no name of its own, so the
   form knows the number alone. */
document.addEventListener(
  "input",
  (event) => {
    const number = event.target.dataset?.follows;
    if (number) document.getElementById(number).value = event.target.value;
    for (const slider of document.querySelectorAll(`[data-follows="${event.target.id}"]`)) {
      slider.value = event.target.value;
    }
  },
  true, // before htmx reads the form
);
