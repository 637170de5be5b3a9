/** What a web plugin is mounted with: who is signed in, and how to call the HQ for them. */
export interface MountContext {
  /** The capability whose plugin this is. */
  readonly capability: string
  /** Scheme, host and port of the HQ; with `headers`, all that the clients above need. */
  readonly origin: string
  /** For every call: the CSRF token, and the correlation id of this visit. */
  readonly headers: Readonly<Record<string, string>>
  /** Where the route families are, for links of one's own. */
  readonly urls: { readonly rpc: string; readonly workflows: string }
  /** Groups everything this visit causes, in logs, events and timelines. */
  readonly correlationId: string
  readonly tenantId: string
  readonly subject: string
  readonly roles: readonly string[]
  /** Aborted when the plugin is unmounted. */
  readonly signal: AbortSignal
}

/** Removes what was mounted. */
export type Unmount = () => void

/** What the entry of a web plugin exports as `mount`. */
export type Mount = (
  element: HTMLElement,
  context: MountContext,
) => Unmount | undefined | Promise<Unmount | undefined>
