/* What is typed on a ticket or task is kept on the server, so that a reload or another device goes on with it.

   data-draft="/path"   on a form: where to keep what stands in it, a moment after the last key and when the page goes
   data-draft-said      in it: says that it is kept (data-saved), or that it could not be (data-failed)
   data-after-draft     on a form that adds to the draft: it is sent once what was typed so far is kept
   data-leaves-in="10"  on the form that takes an answer back: for how many seconds it can; then the form goes */
(() => {
  "use strict";

  const PAUSE_MS = 800;
  const UNDO_MS = 10_000;
  const AGAIN_MS = 5_000;
  const waiting = new Map(); // forms with something that is not kept yet, and their timers

  function say(form, word) {
    const said = form.querySelector("[data-draft-said]");
    if (said) said.textContent = word ? said.dataset[word] : "";
  }

  const underway = new Set(); // what is being kept just now

  function keep(form) {
    clearTimeout(waiting.get(form));
    waiting.delete(form);
    const kept = send(form).finally(() => underway.delete(kept));
    underway.add(kept);
    return kept;
  }

  async function send(form) {
    if (!form.isConnected) return; // it was sent, or is drawn anew
    try {
      const headers = { "HX-Request": "true" };
      const fields = new FormData(form);
      fields.delete("files"); // they are put to the draft by themselves
      const body = new URLSearchParams(fields);
      const answer = await fetch(form.dataset.draft, { method: "POST", headers, body, keepalive: true, redirect: "error" });
      say(form, answer.ok ? (answer.status === 205 ? "" : "saved") : "failed");
      if (answer.status === 200) show(await answer.text());
      if (answer.status >= 500) keepLater(form);
      if (answer.status === 400 || answer.status === 401) {
        keepLater(form);
        document.dispatchEvent(new Event("helpdesk:refused"));
      }
    } catch {
      say(form, "failed");
      keepLater(form);
    }
  }

  /* What could not be kept is tried again until it is, unless more was typed meanwhile: that comes by itself. */
  function keepLater(form) {
    if (!waiting.has(form)) waiting.set(form, setTimeout(keep, AGAIN_MS, form));
  }

  /* Whoever begins a reply on a ticket that nobody has is told that it is theirs, and can undo it for a while. */
  function show(html) {
    const toast = new DOMParser().parseFromString(html, "text/html").querySelector("[data-taken-up]");
    if (!toast) return;
    document.querySelector("[data-taken-up]")?.remove();
    document.body.append(document.adoptNode(toast));
    window.htmx?.process(toast);
    toast.addEventListener("submit", () => (toast.hidden = true));
    setTimeout(() => toast.remove(), UNDO_MS);
  }

  function keepAll() {
    for (const form of waiting.keys()) keep(form);
  }

  function typed(event) {
    const form = event.target.closest?.("form[data-draft]");
    if (!form) return;
    clearTimeout(waiting.get(form));
    say(form, "");
    waiting.set(form, setTimeout(keep, PAUSE_MS, form));
  }

  /* Whether it is kept or not: that is told. Keeping may have put a fresh form in its place (live.js). */
  function sendAfter(form, button) {
    const again = form.isConnected ? form : document.querySelector(`form[action="${form.getAttribute("action")}"]`);
    if (!again) return;
    again.dataset.kept = "";
    again.requestSubmit(again.querySelector(`button[value="${CSS.escape(button.value)}"]`));
  }

  for (const name of ["input", "change"]) document.addEventListener(name, typed);
  addEventListener("pagehide", keepAll);
  document.addEventListener("helpdesk:back", keepAll);
  /* An answer that did not leave is a draft again. */
  document.addEventListener("htmx:error", ({ target }) => target.matches?.("form[data-draft]") && keepLater(target));
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && keepAll());
  /* What is sent is no draft; what stands in the other box is kept before the page is drawn anew. */
  document.addEventListener(
    "submit",
    (event) => {
      const { target, submitter } = event;
      clearTimeout(waiting.get(target));
      waiting.delete(target);
      if (target.matches("[data-after-draft]:not([data-kept])") && waiting.size + underway.size > 0) {
        event.preventDefault();
        event.stopImmediatePropagation();
        keepAll();
        Promise.all(underway).then(() => sendAfter(target, submitter));
        return;
      }
      keepAll();
    },
    true,
  );

  /* An answer that is still held: its seconds run down, and the way back goes with the last one. */
  const ends = new WeakMap();

  function countDown() {
    for (const form of document.querySelectorAll("form[data-leaves-in]")) {
      if (!ends.has(form)) ends.set(form, performance.now() + Number(form.dataset.leavesIn) * 1000);
      const seconds = Math.ceil((ends.get(form) - performance.now()) / 1000);
      if (seconds <= 0) form.remove();
      else form.querySelector("[data-seconds]").textContent = `${seconds} s`;
    }
  }

  countDown();
  setInterval(countDown, 250);
})();
