/* Whoever looks at a ticket or task has noticed what was told of it: those notices are marked as read.

   data-url     where to tell it; data-until  the newest notice when this page was made; data-token  of the page's forms */
(() => {
  "use strict";

  const { url, until, token } = document.currentScript.dataset;

  function tell() {
    if (document.visibilityState === "hidden") return;
    document.removeEventListener("visibilitychange", tell);
    const body = new URLSearchParams({ until });
    fetch(url, { method: "POST", headers: { "X-CSRFToken": token }, body, keepalive: true, redirect: "manual" }).catch(() => {});
  }

  document.addEventListener("visibilitychange", tell);
  tell();
})();
