/* How long the ticket or task of this page is read, told to our own server so that it can propose the time to its reader.

   It counts while the page is in view and somebody moved, typed or scrolled in it within the last minute. Only lengths
   are told, at most once a minute and when a while ends; less than half a minute is told to nobody. A while that a
   sleeping computer or a changed clock interrupts ends before that.

   data-url     where to tell it; data-token  the token of the page's forms */
(() => {
  "use strict";

  const { url, token } = document.currentScript.dataset;
  const LOOK_MS = 5_000;
  const ASLEEP_MS = 20_000;
  const STILL_MS = 60_000;
  const TELL_MS = 60_000;
  const LEAST_MS = 30_000;
  const HANDS = ["pointermove", "pointerdown", "keydown", "wheel", "scroll", "touchmove"];

  let isOver = false; // the server wants none of it
  let span = null; // the while that lasts: id, from, until, told (until when the server knows)
  let moved = -Infinity;
  let looked = Date.now();

  /* Pages without https have no crypto.randomUUID. */
  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  async function tell({ id, from, until }) {
    const body = new URLSearchParams({ span: id, seconds: String(Math.round((until - from) / 1000)) });
    try {
      const headers = { "X-CSRFToken": token };
      const answer = await fetch(url, { method: "POST", headers, body, keepalive: true, redirect: "manual" });
      isOver ||= !answer.ok && answer.status < 500 && answer.status !== 429;
    } catch {
      /* the next message tells all of it */
    }
  }

  function tellIfLong() {
    if (span.until - span.from < LEAST_MS || span.until === span.told || isOver) return;
    span.told = span.until;
    tell(span);
  }

  function end() {
    if (span) tellIfLong();
    span = null;
  }

  function look() {
    const now = Date.now();
    if (now < looked || now - looked > ASLEEP_MS) {
      end();
      moved = Math.min(moved, now - STILL_MS - 1);
    }
    looked = now;
    if (document.visibilityState === "hidden" || now - moved > STILL_MS) {
      end();
      return;
    }
    span ??= { id: newId(), from: now, until: now, told: now };
    span.until = now;
    if (now - span.told >= TELL_MS) tellIfLong();
  }

  function hand() {
    if (Date.now() - moved < 1_000) return;
    look();
    moved = Date.now();
    look();
  }

  for (const name of HANDS) addEventListener(name, hand, { passive: true, capture: true });
  document.addEventListener("visibilitychange", look);
  addEventListener("pagehide", end);
  setInterval(look, LOOK_MS);
  if (document.hasFocus()) hand(); // somebody opened it
})();
