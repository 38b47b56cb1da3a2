// Keeps the shell (the page, its script and style), so that the console opens while the desk is
// away. Nothing of the desk's data is ever kept here.
const shell = 'shell-1';
const page = '/index.html';

const assets = /\/assets\/[\w.-]+/g;

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches.open(shell).then(async (cache) => {
      const html = await fetch(page, { cache: 'no-cache' });
      const named = (await html.clone().text()).match(assets) ?? [];
      await cache.put(page, html);
      await cache.addAll(named);
      await self.skipWaiting();
    }),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((n) => n !== shell).map((n) => caches.delete(n))))
      .then(() => self.clients.claim()),
  );
});

// The files that the kept page names; what an older one named goes.
async function forgetOld(cache, html) {
  const named = await html.text();
  for (const request of await cache.keys()) {
    const path = new URL(request.url).pathname;
    if (path.startsWith('/assets/index-') && !named.includes(path)) await cache.delete(request);
  }
}

async function pageOf(request) {
  const cache = await caches.open(shell);
  try {
    const fresh = await fetch(request);
    if (fresh.ok) {
      await cache.put(page, fresh.clone());
      await forgetOld(cache, fresh.clone());
    }
    return fresh;
  } catch (error) {
    const kept = await cache.match(page);
    if (kept) return kept;
    throw error;
  }
}

async function assetOf(request) {
  const cache = await caches.open(shell);
  const kept = await cache.match(request);
  if (kept) return kept;
  const fresh = await fetch(request);
  if (fresh.ok) await cache.put(request, fresh.clone());
  return fresh;
}

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith('/assets/')) event.respondWith(assetOf(event.request));
  else if (event.request.mode === 'navigate' && !/^\/(api|plugins|hooks|metrics|healthz)\b/.test(url.pathname)) {
    event.respondWith(pageOf(event.request));
  }
});
