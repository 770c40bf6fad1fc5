/* Notifications in this browser by web push: switched on and off here. The service worker is that of the pocket timer.

   data-push                 what is shown where the browser can be told, with data-key, our public key
   data-push-on, -off        its buttons; data-push-says  the line that says how it stands, with the words for each state
   form[data-push-form]      tells the server where this browser is reached */
(() => {
  "use strict";

  const box = document.querySelector("[data-push]");
  const says = document.querySelector("[data-push-says]");
  const form = document.querySelector("form[data-push-form]");
  const [on, off] = ["on", "off"].map((act) => box.querySelector(`[data-push-${act}]`));
  const say = (state) => (says.textContent = says.dataset[state]);

  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

  async function registration() {
    await navigator.serviceWorker.register("/pocket/worker.js", { scope: "/pocket/" });
    return navigator.serviceWorker.getRegistration("/pocket/");
  }

  /* Ready as soon as its worker is: a subscription needs an active one. */
  async function active() {
    const found = await registration();
    const worker = found.installing ?? found.waiting;
    if (worker && !found.active) {
      await new Promise((done) => worker.addEventListener("statechange", () => worker.state === "activated" && done()));
    }
    return found;
  }

  async function subscription() {
    const found = await navigator.serviceWorker.getRegistration("/pocket/");
    return (await found?.pushManager.getSubscription()) ?? null;
  }

  function send(name, values) {
    form.action = form.dataset[name];
    for (const [key, value] of Object.entries(values)) form.elements[key].value = value;
    form.requestSubmit();
  }

  async function switchOn() {
    if ((await Notification.requestPermission()) !== "granted") return say("denied");
    say("waiting");
    try {
      const { pushManager } = await active();
      await (await pushManager.getSubscription())?.unsubscribe(); // one with another key of ours is worth nothing
      const made = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(box.dataset.key) });
      send("on", { endpoint: made.endpoint, p256dh: text(made.getKey("p256dh")), auth: text(made.getKey("auth")) });
    } catch {
      say("failed");
    }
  }

  async function switchOff() {
    const made = await subscription();
    const row = made && document.querySelector(`[data-endpoint="${CSS.escape(made.endpoint)}"]`);
    await made?.unsubscribe();
    if (row) row.requestSubmit();
    else location.reload();
  }

  async function look() {
    if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) return say("unable");
    const made = await subscription();
    const isKnown = made && document.querySelector(`[data-endpoint="${CSS.escape(made.endpoint)}"]`);
    box.hidden = false;
    on.hidden = Boolean(isKnown);
    off.hidden = !isKnown;
    say(isKnown ? "is" : Notification.permission === "denied" ? "denied" : "not");
  }

  on.addEventListener("click", switchOn);
  off.addEventListener("click", switchOff);
  look();
})();
