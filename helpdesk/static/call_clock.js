// The clock of a call: runs while its form is open, and writes the minutes into the field for the time. Nothing is
// logged before the form is sent; what it counts from comes back with a form that was refused.
(() => {
  "use strict";

  const MINUTE = 60_000;
  const LONGEST = 12 * 60 * MINUTE; // a page that was left open overnight began no call

  function spell(milliseconds) {
    const minutes = Math.max(1, Math.ceil(milliseconds / MINUTE));
    return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
  }

  for (const clock of document.querySelectorAll("[data-call-clock]")) {
    const form = clock.closest("form");
    const worked = form.elements[clock.dataset.field];
    const since = form.elements[clock.dataset.since];
    const button = clock.querySelector("button");
    const shown = clock.querySelector("output");
    let ticking = 0;

    const tick = () => {
      const length = Date.now() - Number(since.value);
      worked.value = spell(length);
      const seconds = Math.floor(length / 1000);
      shown.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    };
    const name = (words) => (button.querySelector("span").textContent = words);
    const stop = () => {
      clearInterval(ticking);
      ticking = 0;
      since.value = "";
      name(button.dataset.start);
    };
    const start = () => {
      if (!since.value) since.value = String(Date.now());
      ticking = setInterval(tick, 1000);
      name(button.dataset.stop);
      tick();
    };

    clock.hidden = false;
    button.addEventListener("click", () => (ticking ? (tick(), stop()) : start()));
    worked.addEventListener("input", stop); // whoever types the time knows better
    form.addEventListener("submit", () => {
      if (!ticking) return;
      tick();
      clearInterval(ticking); // sent again it says the same, and is the same call
      ticking = 0;
      name(button.dataset.start);
    });
    const begun = Number(since.value);
    if (begun > 0 && Date.now() - begun < LONGEST) start();
    else since.value = "";
  }
})();
