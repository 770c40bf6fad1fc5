/* Frames that show mail are as tall as it is (docs/desk.md rule 122). No script runs in them, so they are measured from
   here: once they are there, and whenever what they show gets another height, by pictures that come, quotes that are
   unfolded, or another width. No mail can name a length that follows the frame's own height.

   data-fit       a frame as tall as what it shows, up to LIMIT pixels; beyond that it scrolls
   data-fit-all   the button behind it that has all of it shown */
(() => {
  "use strict";

  const LIMIT = 40000;
  const seen = new WeakMap(); // what each frame shows, to see that it is another document now

  function fit(frame) {
    const page = frame.contentDocument;
    const { body, documentElement: root } = page ?? {};
    if (!body || !frame.clientWidth) return;
    const bar = frame.clientHeight - root.clientHeight; // of a table that is wider than the frame
    const height = Math.ceil(Math.max(body.getBoundingClientRect().height, body.scrollHeight)) + bar;
    const borders = frame.offsetHeight - frame.clientHeight;
    const isCut = height > LIMIT && !frame.hasAttribute("data-whole");
    frame.style.blockSize = `${(isCut ? LIMIT : height) + borders}px`;
    const button = frame.nextElementSibling;
    if (button?.matches("[data-fit-all]")) button.hidden = !isCut;
  }

  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const frame = target.ownerDocument.defaultView?.frameElement;
      if (frame) fit(frame);
    }
  });

  function watch(frame) {
    const body = frame.contentDocument?.body;
    if (!body || seen.get(frame) === body) return;
    seen.set(frame, body);
    observer.observe(body);
    fit(frame);
  }

  document.addEventListener(
    "load",
    (event) => {
      if (event.target.matches?.("iframe[data-fit]")) watch(event.target);
    },
    true,
  );
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fit-all]");
    if (!button) return;
    const frame = button.previousElementSibling;
    frame.toggleAttribute("data-whole", true);
    fit(frame);
  });
  for (const frame of document.querySelectorAll("iframe[data-fit]")) watch(frame);
})();
