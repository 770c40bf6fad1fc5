/* A form that is under way is sent no second time, by no click and no key, until its answer is there or has failed
   (docs/answering.md rule 30). The server knows a second one, too; this is so that nobody waits for two.

   data-underway    on a form while it is: its buttons look so, and are aria-disabled
   data-then-newest on a form that writes a message: the focus is on that afterwards, so that single keys work at once */
(() => {
  "use strict";

  const LONGEST_MS = 30_000; // an answer that leaves this page where it is, such as a file, has no end that we see
  const underway = new Map(); // forms, and when each comes back by itself

  const buttonsOf = (form) => [...form.elements].filter((element) => element.matches("button:not([type=button]), input[type=submit]"));

  function begin(form) {
    underway.set(form, setTimeout(end, LONGEST_MS, form));
    form.dataset.underway = "";
    for (const button of buttonsOf(form)) button.setAttribute("aria-disabled", "true");
  }

  function end(form) {
    if (!underway.has(form)) return;
    clearTimeout(underway.get(form));
    underway.delete(form);
    delete form.dataset.underway;
    for (const button of buttonsOf(form)) button.removeAttribute("aria-disabled");
  }

  /* On the window, before anybody else hears of it: a second one must not look like a first one to a script either. */
  addEventListener(
    "submit",
    (event) => {
      if (!underway.has(event.target)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );

  /* Last of all: what another script keeps from leaving, or sends by itself, is not under way. */
  addEventListener("submit", ({ target: form, defaultPrevented }) => {
    const isPost = form.getAttribute("method")?.toLowerCase() === "post";
    if (isPost && (!defaultPrevented || form.hasAttribute("hx-post"))) begin(form);
  });

  /* Whatever came of it. A form that is drawn anew has nothing to end. */
  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
    for (const form of underway.keys()) if (form === ctx.sourceElement || !form.isConnected) end(form);
  });
  addEventListener("pageshow", () => [...underway.keys()].forEach(end)); // back to the page as it was left

  /* --- where somebody is once it is written --- */
  let isWritten = false;

  document.addEventListener("htmx:before:swap", ({ target, detail: { ctx } }) => {
    const { submitter } = ctx.request;
    isWritten = ctx.response.status === 200 && Boolean(target.matches?.("form[data-then-newest]")) && submitter?.name !== "act";
    if (isWritten) document.activeElement?.blur(); // nobody puts it back into the box
  });

  document.addEventListener("htmx:after:swap", () => {
    const newest = isWritten && [...document.querySelectorAll("#conversation article")].at(-1);
    isWritten = false;
    if (!newest) return;
    newest.tabIndex = -1;
    newest.focus({ preventScroll: true });
  });
})();
