// Mounts the web plugin of a page; see MountContext in what `rawr typescript --web` makes.
const element = document.getElementById('plugin')
const leaving = new AbortController()

function contextOf(given) {
  const { origin } = window.location
  return Object.freeze({
    ...given,
    origin,
    headers: Object.freeze({ 'x-csrf-token': 'orpc', 'x-correlation-id': given.correlationId }),
    urls: Object.freeze({ rpc: `${origin}/rpc`, workflows: `${origin}/api/workflows` }),
    signal: leaving.signal,
  })
}

function fail(error) {
  const alert = document.createElement('p')
  alert.setAttribute('role', 'alert')
  alert.className = 'notice'
  alert.textContent = `This plugin could not be started: ${error instanceof Error ? error.message : error}. Reload the page; if that does not help, ask whoever runs this HQ.`
  element.replaceChildren(alert)
  console.error(error)
}

try {
  const entry = await import(new URL(element.dataset.entry, document.baseURI))
  if (typeof entry.mount !== 'function') throw new TypeError('its entry exports no function mount')
  element.replaceChildren()
  const unmount = await entry.mount(element, contextOf(JSON.parse(element.dataset.context)))
  window.addEventListener('pagehide', (event) => {
    if (event.persisted) return // the page is only set aside, and may come back as it is
    leaving.abort()
    unmount?.()
  })
} catch (error) {
  fail(error)
} finally {
  element.removeAttribute('aria-busy')
}
