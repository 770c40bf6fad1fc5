/* The service worker of the pocket timer, and of notifications that are pushed to this browser. Its cache holds the shell, named here one by one, and nothing that anybody
   wrote: what is not on the list is neither kept nor answered. The network comes first, so that updates arrive. */
"use strict";

const CACHE = "pocket-1";
const SHELL = [
  "/pocket/",
  "/static/pocket/page.js",
  "/static/pocket/queue.js",
  "/static/pocket/pocket.css",
  "/static/css/tokens.css",
  "/static/css/base.css",
  "/static/css/components.css",
  "/static/icons.svg",
  "/static/favicon.svg",
];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL.map((path) => new Request(path, { cache: "reload" })))));
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))));
  event.waitUntil(Promise.all([old, self.clients.claim()]));
});

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin || !SHELL.includes(pathname)) return;
  event.respondWith(
    fetch(event.request).catch(async () => (await caches.match(pathname, { cacheName: CACHE })) ?? Response.error()),
  );
});

/* --- notifications --- */
self.addEventListener("push", (event) => {
  const { id, words, path } = event.data.json();
  const looks = { tag: `notice-${id}`, data: { path }, icon: "/static/pocket/icon-192.png", badge: "/static/pocket/mask-512.png" };
  event.waitUntil(self.registration.showNotification(words, looks)); // told twice, it is shown once
});

async function open(path) {
  const url = new URL(path, location.origin);
  if (url.origin !== location.origin) return;
  for (const page of await self.clients.matchAll({ type: "window", includeUncontrolled: true })) {
    if (new URL(page.url).pathname === url.pathname) return page.focus();
  }
  await self.clients.openWindow(url.href);
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data.path));
});
