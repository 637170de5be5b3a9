// The runs somebody has seen in this browser tab.

const MOST = 20

/** Reads and keeps run ids, newest first; storage that cannot be used is no obstacle. */
export function remembered(storage: Storage, key: string): { list(): string[]; add(runId: string): void } {
  function list(): string[] {
    try {
      const stored: unknown = JSON.parse(storage.getItem(key) ?? '[]')
      return Array.isArray(stored) ? stored.filter((one) => typeof one === 'string').slice(0, MOST) : []
    } catch {
      return []
    }
  }
  function add(runId: string): void {
    try {
      storage.setItem(key, JSON.stringify([runId, ...list().filter((one) => one !== runId)].slice(0, MOST)))
    } catch {
      // The storage is full or forbidden: the list lives as long as the page.
    }
  }
  return { list, add }
}
