/* The page of a conversation for paper: its button prints, and what is ticked shows at once.

   data-print   on that button */
(() => {
  "use strict";

  const button = document.querySelector("[data-print]");
  button.hidden = false;
  button.addEventListener("click", () => print());
  for (const image of document.querySelectorAll("img")) image.loading = "eager"; // what is not looked at is printed, too
  document.addEventListener("change", ({ target }) => target.form?.requestSubmit());
})();
