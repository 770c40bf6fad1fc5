/* Whoever is signed out elsewhere, or whose session has ended, keeps the page with all that is typed, and goes on here after
   signing in again in another tab (docs/answering.md rule 32). Where somebody else signed in, nothing of this page is sent.

   #signed-out           says so: data-session (of those who write) is asked who is signed in, data-person is whose page it is;
                         its data-nobody is shown where nobody is, its data-other where somebody else is
   helpdesk:refused      of the document: a script was refused as one is who is not signed in */
(() => {
  "use strict";

  const AGAIN_MS = 5_000;
  const toast = () => document.getElementById("signed-out");
  let due = 0;

  function show(which) {
    toast().hidden = !which;
    for (const name of ["nobody", "other"]) toast().querySelector(`[data-${name}]`).hidden = name !== which;
    if (which) document.getElementById("failed").hidden = true;
    clearTimeout(due);
    due = which ? setTimeout(ask, AGAIN_MS) : 0;
  }

  function renew(token) {
    for (const field of document.querySelectorAll("input[name=csrf_token]")) field.setAttribute("value", token);
    document.body.setAttribute("hx-headers:inherited", JSON.stringify({ "X-CSRFToken": token }));
  }

  async function ask() {
    const { session, person } = toast().dataset;
    try {
      const answer = await fetch(session, { cache: "no-store", redirect: "manual" });
      if (answer.type === "opaqueredirect" || answer.status === 401) return show("nobody");
      if (!answer.ok) return show("other");
      const found = await answer.json();
      if (String(found.person) !== person) return show("other");
      renew(found.token);
      const wasOut = !toast().hidden;
      show("");
      if (wasOut) document.dispatchEvent(new Event("helpdesk:back"));
      else document.getElementById("failed").hidden = false; // refused for another reason
    } catch {
      if (!toast().hidden) due = setTimeout(ask, AGAIN_MS);
    }
  }

  document.addEventListener("htmx:before:response", (event) => {
    const { status } = event.detail.ctx.response;
    if ((status !== 400 && status !== 401) || !toast()?.dataset.session) return;
    event.preventDefault(); // it would leave for the sign-in page, and lose what is typed
    ask();
  });
  document.addEventListener("helpdesk:refused", () => toast()?.dataset.session && ask());
  addEventListener("focus", () => toast()?.hidden === false && ask());
})();
